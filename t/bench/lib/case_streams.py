"""(h) responses in flight that nobody reads, or that are read slowly: what
they cost by themselves, and what a request costs beside them."""

import random
import time

from load import Held, Requests, closed, counted
from report import number
from servers import RECHECK
from stats import median, percentile
from world import sid

PACE = 4096                         # bytes a second of a slow listener
ASKING = 1000                       # users whose requests are counted
OWN_FILES = 600                     # of an edge: listening, logs, requests

KINDS = {'idle': 0, 'slow': PACE}


class Streams:
    def __init__(self, bench):
        self.bench = bench
        self.requests = {'plain': [], 'module': []}
        self.variants = {'plain': {'conf': 'plain'},
                         'plain again': {'conf': 'plain'},
                         'module': {'conf': 'module'}}

        if RECHECK in bench.edges.known:
            self.variants['module, no recheck'] = {
                'conf': 'module',
                'MORE': bench.edges.limits_off() + ' ' + RECHECK + ' off;'}

        self.ask_grants()

    def ask_grants(self):
        """A grant is good on every edge with the same key and Redis."""

        bench = self.bench
        edge = bench.edges.start('module')

        for name, users in ('small', ASKING), ('large', bench.world.users):
            lines = {
                'plain': ['/recordings/%s.mp3 %s' % (name, sid(i))
                          for i in range(users)],
                'module': bench.world.grants(edge, name, range(users)),
            }

            for of in lines:
                self.requests[of].append(Requests(
                    '%s/streams-%s-%s.txt' % (bench.run, of, name),
                    lines[of]))

        edge.stop()

    def run(self, variant, kind, n):
        """An edge of its own, since memory is not given back.  First a few
        requests, then the streams, then they are looked at, then requests
        beside them."""

        bench = self.bench
        edge = bench.edges.start(slow=True, **self.variants[variant])
        ask, listen = self.requests[self.variants[variant]['conf']]
        counted(edge, ask, ASKING)

        memory = edge.memory()
        held = Held(edge.port, listen, n, KINDS[kind])
        time.sleep(1)
        grown = [now - then for now, then in zip(edge.memory(), memory)]

        seen = self.watch(edge, bench.settings.pick(4, 2))
        seen.update(closed(edge, ask, bench.settings.seconds),
                    private=grown[0] / n, zone=grown[1] / n)
        seen['ended'] = sum(held.end()['ended'])
        edge.stop()
        return seen

    def watch(self, edge, seconds):
        """What the streams alone cost: the worker's share of a core, and
        commands that Redis is asked."""

        commands = self.commands()
        cpu, at = edge.cpu(), time.monotonic()
        time.sleep(seconds)
        seconds = time.monotonic() - at

        # less the one that asks how many there were

        return {'own': (edge.cpu() - cpu) / seconds,
                'commands': (self.commands() - commands - 1) / seconds}

    def commands(self):
        return int(self.bench.redis.client.info('stats')
                   ['total_commands_processed'])


def measure(bench):
    streams = Streams(bench)
    most = (bench.files - OWN_FILES) // 2       # an edge has two for each
    counts = [min(n, most) for n in bench.settings.pick([1, 1000, 10000],
                                                        [1, 1000])]
    rounds = bench.rounds({
        (variant, kind, n): lambda v=variant, k=kind, n=n: streams.run(v, k, n)
        for variant in streams.variants for kind in KINDS for n in counts
        if n == counts[-1] or variant in ('plain', 'module')
    }, 3)

    for kind in KINDS:
        table(bench.report, rounds, kind, counts)

    if RECHECK in bench.edges.known:
        withdrawals(bench)


def table(out, rounds, kind, counts):
    title = {'idle': 'Idle streams', 'slow': 'Slow streams, %d bytes a second '
             'each' % PACE}
    names = {'plain': '`proxy_pass`', 'plain again': 'A/A: `proxy_pass`',
             'module': 'the module',
             'module, no recheck': 'the module, no recheck'}

    out.heading(title[kind])
    rows = []

    for (variant, of, n), runs in sorted(
            rounds.seen.items(), key=lambda item: (
                item[0][2], list(names).index(item[0][0]))):
        if of != kind:
            continue

        value = lambda what: median([run[what] for run in runs])
        few = variant.removesuffix(' again'), kind, counts[0]
        many = n >= 1000

        if few not in rounds.seen:
            few = 'module', kind, counts[0]

        rows.append((
            names[variant], number(n), number(value('own'), 3),
            number(value('commands')), number(value('rate')),
            rounds.ratio((variant, kind, n), few).text(),
            number(value('worker'), 1),
            number(value('private') / 1024, 1) if many else '–',
            number(value('zone')) if many else '–', number(value('ended'))))

    out.table(('', 'streams', 'cores, streams alone', 'Redis commands/s',
               'requests/s beside them', 'of those beside one [95 %]',
               'worker µs a request', 'KiB a stream', 'zone bytes a stream',
               'ended early'), rows)


def withdrawals(bench):
    """Sessions end at odd times; how long until the last byte of theirs?"""

    edge = bench.edges.start('module', slow=True)
    n = bench.settings.pick(200, 50)
    users = range(bench.world.users - n, bench.world.users)
    lines = bench.world.grants(edge, 'large', users)
    held = Held(edge.port, Requests(bench.run + '/withdraw.txt', lines), n,
                20 * PACE)
    dice = random.Random(bench.settings.seed)
    gone = []

    time.sleep(1)

    for i in users:
        time.sleep(dice.uniform(0, 8 / n))
        bench.redis.client.ask('DEL', 'aidial:session:' + sid(i))
        gone.append(time.monotonic())

    time.sleep(8)
    seen = held.end()
    late = [max(last - at, 0) for last, at in zip(seen['last'], gone)]

    bench.report.heading('From a sign-out to the last byte')
    bench.report.table(
        ('streams', 'ended', 'median s', '99 of 100 s', 'worst s'),
        [(n, sum(seen['ended']), '%.2f' % median(late),
          '%.2f' % percentile(late, 0.99), '%.2f' % max(late))])
    edge.stop()
    bench.world.write()
