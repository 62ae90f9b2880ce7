"""(h) what a request takes that waits: for Redis, or for nginx' own delay."""

import os
import signal
import time

from load import Held, Requests
from report import number
from world import sid

WAITING = 4000
LIMIT = 2048


def measure(bench):
    rounds = bench.rounds({
        'plain': lambda: plain(bench),
        'plain again': lambda: plain(bench),
        'module': lambda: module(bench),
    }, 5)

    above = rounds.difference('module', 'plain', 'private')
    out = bench.report
    out.heading('Memory of a request that waits')
    out.table(
        ('', 'bytes a request [95 %]', 'above plain [95 %]'),
        [(title, rounds.estimate(name, 'private').text(0),
          rounds.difference(name, 'plain', 'private').text(0))
         for name, title in (
             ('plain', 'nginx: delayed by `limit_req`'),
             ('plain again', 'A/A: the same once more'),
             ('module', 'the module: waits for Redis'))])
    out.target('memory of a waiting request above plain', '< %d bytes' % LIMIT,
               above.text(0), above.median < LIMIT)


def plain(bench):
    edge = bench.edges.start('plain')
    return waiting(edge, edge.wait_port, Requests(
        bench.run + '/wait.txt', [path_of_length(200) + ' ' + sid(0)]))


def module(bench):
    """Redis is stopped for a moment; what was asked is answered after."""

    edge = bench.edges.start(
        'module', REDIS_MORE='timeout=10s connections=16')
    requests = Requests(bench.run + '/wait.txt', bench.world.grants(
        edge, 'small', range(1000)))

    return waiting(edge, edge.port, requests, bench.redis.pid)


def path_of_length(n):
    """as long as a token's URL"""

    return '/small.mp3?' + 'x' * (n - 11)


def waiting(edge, port, requests, stopped=None):
    warm = Held(port, requests, 1, 0, wait=True)
    time.sleep(0.3)
    before = edge.memory()[0]

    if stopped:
        os.kill(stopped, signal.SIGSTOP)

    try:
        held = Held(port, requests, WAITING, 0, wait=True)
        quiet(edge)
        seen = {'private': (edge.memory()[0] - before) / WAITING}
    finally:
        if stopped:
            os.kill(stopped, signal.SIGCONT)

    held.end()
    warm.end()
    edge.stop()
    return seen


def quiet(edge):
    """until the worker has read what was sent"""

    for _ in range(100):
        before = edge.cpu()
        time.sleep(0.1)
        if edge.cpu() - before < 0.001:
            return
