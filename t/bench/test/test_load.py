"""The client of load/load.c against a server whose answers are known."""

import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BENCH = os.path.realpath(os.path.dirname(__file__) + '/..')
STALL = 0.3                         # seconds
ANSWER = b'HTTP/1.1 %s\r\nContent-Length: 5\r\n%s\r\nhello'


class Server(threading.Thread):
    """One connection after the other; "stall_at" is the number of the
    request before whose answer it sleeps."""

    def __init__(self, stall_at=None, status=b'200 OK', close_at=None):
        super().__init__(daemon=True)
        self.stall_at, self.status = stall_at, status
        self.close_at = close_at
        self.seen = []
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.socket.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            with client:
                while self.answer(client):
                    pass

    def answer(self, client):
        text = b''

        while not text.endswith(b'\r\n\r\n'):
            part = client.recv(4096)
            if not part:
                return False
            text += part

        self.seen.append(text)

        if len(self.seen) == self.stall_at:
            time.sleep(STALL)

        closing = len(self.seen) == self.close_at
        client.sendall(ANSWER % (
            self.status, b'Connection: close\r\n' if closing else b''))
        return not closing


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.program = cls.dir.name + '/load'
        cls.requests = cls.dir.name + '/requests'
        subprocess.run([os.environ.get('CC', 'cc'), '-O2', '-Wall', '-Wextra',
                        '-Werror', '-o', cls.program,
                        BENCH + '/load/load.c', '-lm'], check=True)

        with open(cls.requests, 'w') as file:
            file.write('/one s_1\n/two s_2\n')

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def load(self, server, rate, total):
        """one connection: (requests, us, p50, p99, bad, late)"""

        text = subprocess.run(
            [self.program, str(server.port), '1', str(rate), str(total),
             self.requests, 'GET', 'Range: bytes=0-9'], check=True,
            stdout=subprocess.PIPE, text=True, timeout=60).stdout
        return [float(word) for word in text.split()[1:]]

    def test_sends_the_lines_in_turn_with_cookie_and_headers(self):
        server = Server()
        self.load(server, 0, 3)
        first, second, third = server.seen
        self.assertTrue(first.startswith(b'GET /one HTTP/1.1\r\n'))
        self.assertIn(b'aidial_session=s_1\r\n', first)
        self.assertIn(b'\r\nRange: bytes=0-9\r\n', first)
        self.assertTrue(second.startswith(b'GET /two '))
        self.assertEqual(third, first)

    def test_a_stall_is_charged_to_all_that_were_due(self):
        n, us, p50, p99, bad, _ = self.load(Server(stall_at=100), 200, 400)
        self.assertEqual((n, bad), (400, 0))
        self.assertGreater(p99, STALL / 2 * 1e6)
        self.assertLess(p50, STALL / 2 * 1e6)

    def test_a_closed_loop_would_not_have_seen_it(self):
        n, us, p50, p99, bad, _ = self.load(Server(stall_at=100), 0, 400)
        self.assertEqual((n, bad), (400, 0))
        self.assertLess(p99, STALL / 2 * 1e6)

    def test_the_rate_is_that_asked_for(self):
        n, us, *_ = self.load(Server(), 500, 1000)
        self.assertAlmostEqual(n / us * 1e6, 500, delta=60)

    def test_other_answers_than_2xx_are_bad(self):
        *_, bad, _ = self.load(Server(status=b'403 Forbidden'), 0, 3)
        self.assertEqual(bad, 3)

    def test_a_connection_that_is_closed_is_opened_again(self):
        n, *_, bad, _ = self.load(Server(close_at=2), 0, 5)
        self.assertEqual((n, bad), (5, 0))


if __name__ == '__main__':
    unittest.main()
