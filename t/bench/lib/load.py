"""One run of load on one edge, and what it cost."""

import json
import subprocess
import sys
import time

from process import OTHER_CORES, Foreign, child, run
from servers import BENCH, ROOT

CONNECTIONS = 32
RANGE = 'Range: bytes=0-65535'


class Requests:
    """A file of lines "path sid", and how they are asked."""

    def __init__(self, path, lines, method='GET', body='', headers=()):
        self.path, self.method, self.body = path, method, body
        self.headers = list(headers)

        with open(path, 'w') as file:
            file.writelines(line + '\n' for line in lines)


def closed(edge, requests, seconds, connections=CONNECTIONS, servers=()):
    """As many requests as the edge can answer: wrk."""

    def wrk():
        line = result(run([
            'wrk', '-t1', '-c%d' % connections, '-d%ds' % seconds, '-s',
            BENCH + '/load/requests.lua', 'http://127.0.0.1:%d/' % edge.port,
            '--', requests.path, requests.method, requests.body,
            *requests.headers], OTHER_CORES))
        return dict(zip(['n', 'us', 'p50', 'p99', 'bad'], line))

    return measured(edge, wrk, servers)


def counted(edge, requests, total, rate=0, connections=CONNECTIONS,
            servers=()):
    """So many requests, each when it is due: load/load.c."""

    def load():
        line = result(run([
            ROOT + '/build/bench/load', str(edge.port), str(connections),
            '%f' % rate, str(total), requests.path, requests.method,
            *requests.headers], OTHER_CORES))
        return dict(zip(['n', 'us', 'p50', 'p99', 'bad', 'late'], line))

    return measured(edge, load, servers)


def result(text):
    for line in text.splitlines():
        if line.startswith('result: '):
            return [float(word) for word in line.split()[1:]]

    raise SystemExit('bench: no result in:\n' + text)


def measured(edge, ask, servers):
    """What "ask" found out, with requests a second, the microseconds that the
    worker and other servers spent a request, and what strangers took."""

    foreign = Foreign()
    before = [server.cpu() for server in (edge, *servers)]
    at = time.monotonic()
    seen = ask()
    seconds = time.monotonic() - at
    spent = [server.cpu() - then
             for server, then in zip((edge, *servers), before)]

    seen.update(foreign.shares())
    seen['seconds'] = seconds

    # others than 2xx, and none at all, are told in the report

    if not seen['n']:
        raise SystemExit('bench: %s does not answer' % edge.name)

    seen['rate'] = seen['n'] / seen['us'] * 1e6
    seen['busy'] = spent[0] / seconds
    seen['worker'] = spent[0] / seen['n'] * 1e6

    for server, cpu in zip(servers, spent[1:]):
        seen[server.name] = cpu / seen['n'] * 1e6

    return seen


class Held:
    """N connections that are held open and read BYTES a second each."""

    def __init__(self, port, requests, n, size, wait=False):
        self.popen = subprocess.Popen(
            [sys.executable, BENCH + '/load/hold.py', str(port),
             requests.path, str(n), str(size)] + (['wait'] if wait else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=child(OTHER_CORES))

        if self.popen.stdout.readline() != 'ready\n':
            raise SystemExit('bench: the clients could not be held')

    def end(self):
        text = self.popen.communicate('', timeout=60)[0]
        return json.loads(text)
