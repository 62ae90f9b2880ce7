#!/usr/bin/env python3
"""Clients that listen slowly, or not at all:

    hold.py PORT FILE N BYTES [wait]

N connections ask for the lines "path sid" of FILE in turn and read the head
of the answer; then "ready" is said, and each reads BYTES a second until the
standard input ends.  With "wait" no answer is waited for.  Then a line of
JSON says, for each, when its last byte came, and whether it was ended.
"""

import json
import select
import socket
import sys
import time

TICKS = 20                          # a second; each serves its share


class Client:
    def __init__(self, port, path, sid):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(('127.0.0.1', port))
        self.socket.sendall((
            'GET %s HTTP/1.1\r\nHost: portal.example.com\r\n'
            'Cookie: theme=dark; aidial_session=%s\r\n\r\n'
            % (path, sid)).encode())
        self.last, self.ended = 0, False

    def head(self):
        text = b''

        while b'\r\n\r\n' not in text:
            part = self.socket.recv(1024)
            if not part:
                break
            text += part

        if not text.startswith(b'HTTP/1.1 200 '):
            raise SystemExit('hold: %s' % text[:200])

        self.socket.setblocking(False)

    def read(self, size):
        if self.ended:
            return

        try:
            part = self.socket.recv(size)
        except BlockingIOError:
            return
        except ConnectionResetError:
            part = b''

        if part:
            self.last = time.monotonic()
        else:
            self.ended = True


def connect(port, lines, n, wait):
    clients = []

    for i in range(n):
        clients.append(Client(port, *lines[i % len(lines)]))

        if not wait:
            clients[-1].head()

    return clients


def serve(clients, size):
    """Each client's turn comes TICKS times a second if they are few, and
    once a second if they are many."""

    turns = TICKS if len(clients) <= 500 else 1
    groups = [clients] if turns > 1 else [
        clients[i::TICKS] for i in range(TICKS)]
    tick, begin = 0, time.monotonic()

    while True:
        left = begin + tick / TICKS - time.monotonic()

        if select.select([sys.stdin], [], [], max(left, 0))[0]:
            return

        if size:
            for client in groups[tick % len(groups)]:
                client.read(max(size // turns, 1))

        tick += 1


def main():
    port, path, n, size = sys.argv[1:5]

    with open(path) as file:
        lines = [line.split() for line in file]

    clients = connect(int(port), lines, int(n), sys.argv[5:] == ['wait'])
    print('ready', flush=True)
    serve(clients, int(size))
    print(json.dumps({'last': [client.last for client in clients],
                      'ended': [client.ended for client in clients]}))


main()
