"""(g) latency at half of what the module can, module and plain at the same
rate, asked by a client that does not wait for answers."""

from load import RANGE, Requests, closed, counted
from report import number
from world import sid

USERS = 1000
CONNECTIONS = 64
ADDED_MS = 0.3

SIZES = {'small': ('small', [], '256 bytes'),
         'range': ('large', [RANGE], 'a Range of 64 KiB')}
TITLES = {'plain': '`proxy_pass`',
          'plain again': 'A/A: `proxy_pass` once more',
          'module': 'the module'}


def measure(bench):
    start = bench.edges.start
    edges = {'plain': start('plain'), 'plain again': start('plain'),
             'module': start('module')}
    requests, rates, cases = {}, {}, {}

    for size, (object, headers, _) in SIZES.items():
        own = bench.world.grants(edges['module'], object, range(USERS))
        plain = ['/recordings/%s.mp3 %s' % (object, sid(i))
                 for i in range(USERS)]

        for name in edges:
            requests[name, size] = Requests(
                '%s/latency-%s-%s.txt' % (bench.run, name, size),
                own if name == 'module' else plain, headers=headers)
            bench.say('warming up: %s, %s' % (name, size))
            seen = closed(edges[name], requests[name, size],
                          bench.settings.pick(2, 1))

        rates[size] = seen['rate'] / 2          # of the last, the module

    seconds = bench.settings.pick(3, 1)

    for name, size in requests:
        cases[name, size] = lambda name=name, size=size: counted(
            edges[name], requests[name, size],
            int(rates[size] * seconds), rates[size], CONNECTIONS)

    rounds = bench.rounds(cases, 5)
    report(bench.report, rounds, rates)

    for edge in edges.values():
        edge.stop()


def report(out, rounds, rates):
    for size, (_, _, title) in SIZES.items():
        added = rounds.difference(('module', size), ('plain', size), 'p99')

        out.heading('Latency at half of what the module can: ' + title)
        out.table(
            ('at %s requests/s' % number(rates[size]), 'p50 µs', 'p99 µs',
             'p50 added µs [95 %]', 'p99 added µs [95 %]', 'worker busy',
             'client late, p99 µs'),
            [(heading, *(number(rounds.median((name, size), what))
                         for what in ('p50', 'p99')),
              *(rounds.difference((name, size), ('plain', size), what).text(0)
                for what in ('p50', 'p99')),
              '%.2f' % rounds.median((name, size), 'busy'),
              number(rounds.median((name, size), 'late')))
             for name, heading in TITLES.items()])
        out.target('p99 added at half load, ' + title,
                   '< %.1f ms' % ADDED_MS,
                   '%.3f ms [%.3f–%.3f]' % (added.median / 1e3,
                                            added.low / 1e3,
                                            added.high / 1e3),
                   added.median < ADDED_MS * 1e3)
