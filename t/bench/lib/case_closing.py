"""Whole deliveries, counted until the audit trail has their ends: what a
download or a playback costs that is asked for once."""

import time

from load import Requests, counted
from report import number
from servers import RedisServer
from world import TENANTS, World, sid

USERS = 1000
PATIENCE = 90                       # seconds until the trail must be complete

TITLES = {
    'plain': '`proxy_pass`',
    'plain again': 'A/A: `proxy_pass` once more',
    'download': 'a download: redeemed, delivered, closed',
    'playback': 'a playback: begun, delivered, closed 30 s later',
}


class Closing:
    def __init__(self, bench):
        self.bench = bench
        self.redis = RedisServer(bench.run, 'redis-closing')
        self.redis.name = 'redis'
        self.world = World(self.redis, USERS, large=False)
        start = bench.edges.start
        self.edges = {'plain': start('plain'), 'plain again': start('plain')}
        self.edges['module'] = start('module', self.redis)
        self.each = bench.settings.pick(4, 1)     # grants of a user
        self.total = USERS * self.each

    def plain(self, name):
        lines = ['/recordings/small.mp3 ' + sid(i) for i in range(USERS)]
        return counted(self.edges[name], self.requests(lines),
                       5 * self.total)

    def requests(self, lines):
        return Requests(self.bench.run + '/closing.txt', lines)

    def deliver(self, action):
        edge = self.edges['module']
        self.redis.client.ask('FLUSHALL')
        self.world.write()
        requests = self.requests(self.world.grants(
            edge, 'small', range(USERS), action, self.each))

        wanted = self.entries() + 2 * self.total      # a start and an end
        before = edge.cpu(), self.redis.cpu()
        seen = counted(edge, requests, self.total, servers=[self.redis])
        at = time.monotonic()

        while self.entries() < wanted:
            if time.monotonic() - at > PATIENCE:
                raise SystemExit('bench: the audit trail is not complete')
            time.sleep(0.05)

        seen['drain'] = time.monotonic() - at
        seen['worker'] = (edge.cpu() - before[0]) / self.total * 1e6
        seen['redis'] = (self.redis.cpu() - before[1]) / self.total * 1e6
        return seen

    def entries(self):
        return sum(self.redis.client.ask('XLEN', 'aidial:{t_%d}:audit' % i)
                   for i in range(TENANTS))


def measure(bench):
    closing = Closing(bench)
    rounds = bench.rounds({
        'plain': lambda: closing.plain('plain'),
        'plain again': lambda: closing.plain('plain again'),
        'download': lambda: closing.deliver('download'),
        'playback': lambda: closing.deliver('playback'),
    }, 3)

    out = bench.report
    out.heading('Whole deliveries, closing scripts counted in')
    out.table(
        ('an object of 256 bytes, each link used once', 'requests/s',
         'worker µs [95 %]', 'Redis µs', 'all in the trail after, s'),
        [(title, number(rounds.median(name, 'rate')),
          rounds.estimate(name, 'worker').text(1),
          number(rounds.median(name, 'redis'), 1)
          if 'plain' not in name else '–',
          '%.1f' % rounds.median(name, 'drain')
          if 'plain' not in name else '–')
         for name, title in TITLES.items()])

    for server in *closing.edges.values(), closing.redis:
        server.stop()
