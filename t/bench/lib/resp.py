"""Enough of Redis' protocol to write records and to read counters."""

import socket


class Redis:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.file = self.socket.makefile('rb')

    def ask(self, *words):
        self.socket.sendall(encode(words))
        return self.reply()

    def all(self, commands, batch=2000):
        """Many commands, pipelined; what they answer is not kept, but an
        error is raised."""

        waiting, out = 0, []

        for words in commands:
            out.append(encode(words))
            waiting += 1

            if waiting == batch:
                self._flush(out, waiting)
                waiting, out = 0, []

        self._flush(out, waiting)

    def _flush(self, out, waiting):
        self.socket.sendall(b''.join(out))

        for _ in range(waiting):
            self.reply()

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]

        if kind == b'+':
            return rest.decode()
        if kind == b':':
            return int(rest)
        if kind == b'$':
            return self._bulk(int(rest))
        if kind == b'*':
            return [self.reply() for _ in range(int(rest))]

        raise RuntimeError('Redis: %s' % (line.decode().strip() or 'closed'))

    def _bulk(self, length):
        if length == -1:
            return None

        return self.file.read(length + 2)[:-2].decode()

    def info(self, section):
        lines = self.ask('INFO', section).splitlines()
        return dict(line.split(':', 1) for line in lines if ':' in line)


def encode(words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b'*%d\r\n' % len(words) + b''.join(
        b'$%d\r\n%s\r\n' % (len(w), w) for w in words)
