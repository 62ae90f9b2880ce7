"""(h) the same request while there are more records, and larger ones."""

from load import Requests, closed
from report import number
from servers import RedisServer
from world import World, sid

ACTIVE = 1000                       # users who ask, spread over all there are
RECORD_MIB = 1100                   # of memory for a million users
FLAT = 0.05


def available_mib():
    with open('/proc/meminfo') as file:
        lines = dict(line.split(':', 1) for line in file)

    return int(lines['MemAvailable'].split()[0]) // 1024


class Site:
    """A Redis with so many records, and an edge on it."""

    def __init__(self, bench, name, users, size=0):
        bench.say('%s: %d sessions and calls' % (name, users))
        self.redis = RedisServer(bench.run, 'redis-' + name)
        self.redis.name = 'redis'
        world = World(self.redis, users, large=False, size=size)
        self.edge = bench.edges.start('module', self.redis,
                                      REDIS_MORE='timeout=5s')
        active = range(0, users, users // min(users, ACTIVE))
        self.requests = Requests(
            '%s/growth-%s.txt' % (bench.run, name),
            world.grants(self.edge, 'small', active))
        self.seconds = bench.settings.seconds
        self.run()                  # the playbacks begin

    def run(self):
        return closed(self.edge, self.requests, self.seconds,
                      servers=[self.redis])

    def stop(self):
        self.edge.stop()
        self.redis.stop()


class Plain:
    def __init__(self, bench):
        self.edge = bench.edges.start('plain')
        self.requests = Requests(bench.run + '/growth-plain.txt', [
            '/recordings/small.mp3 ' + sid(i) for i in range(ACTIVE)])
        self.seconds = bench.settings.seconds
        self.run()

    def run(self):
        return dict(closed(self.edge, self.requests, self.seconds), redis=0)

    def stop(self):
        self.edge.stop()


def measure(bench):
    counts = bench.settings.pick([1000, 10000, 100000, 1000000],
                                 [1000, 100000])

    while counts[-1] * RECORD_MIB // 1000000 > available_mib() // 2:
        bench.report.text('Too little memory for %s records.'
                          % number(counts.pop()))

    sites = {'%s records' % number(n): (n, 0) for n in counts}
    first, last = list(sites)[0], list(sites)[-1]
    table(bench, 'More sessions and calls in Redis', sites, first,
          'of %s' % first, growth_target(first, last))

    sizes = {'records of %d KiB' % kib: (ACTIVE, kib * 1024)
             for kib in bench.settings.pick([1, 4, 16, 60], [1, 60])}
    table(bench, 'Larger records', sizes, list(sizes)[0],
          'of 1 KiB', None)


def growth_target(first, last):
    def judge(out, rounds):
        seen = rounds.ratio(last, first)
        out.target('%s: requests/s of those with %s' % (last, first),
                   '≥ %.2f' % (1 - FLAT), seen.text(3),
                   seen.median >= 1 - FLAT)

    return judge


def table(bench, title, sites, base, of, judge):
    running = {'`proxy_pass`': Plain(bench),
               'A/A: `proxy_pass` once more': Plain(bench)}

    for i, (name, (users, size)) in enumerate(sites.items()):
        running[name] = Site(bench, '%d-%d' % (users, size), users, size)

    rounds = bench.rounds({name: site.run
                           for name, site in running.items()}, 5)
    plain = '`proxy_pass`'
    out = bench.report

    out.heading(title)
    out.table(
        ('256 bytes', 'requests/s', 'of plain [95 %]', of + ' [95 %]',
         'worker µs', 'p99 µs', 'Redis µs'),
        [(name, number(rounds.median(name, 'rate')),
          rounds.ratio(name, plain).text(3),
          rounds.ratio(name, base).text(3) if name in sites else '–',
          number(rounds.median(name, 'worker'), 1),
          number(rounds.median(name, 'p99')),
          number(rounds.median(name, 'redis'), 1))
         for name in running])

    if judge:
        judge(out, rounds)

    for site in running.values():
        site.stop()
