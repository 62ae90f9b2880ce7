"""(a) to (e): a media request, by everything that people put before it."""

import base64
import hashlib
import time

from gate import Gate
from load import RANGE, Requests, closed
from report import number
from servers import LIMITS, SECRET
from world import sid

USERS = 1000                        # each with a grant that has begun

SIZES = {                           # object, headers, connections, title
    'small': ('small', [], 32, 'an object of 256 bytes'),
    'range': ('large', [RANGE], 32, 'a Range of 64 KiB'),
    'whole': ('large', [], 8, 'a whole file of 5 MB'),
}

TITLES = {
    'plain': '(a) `proxy_pass`',
    'plain again': 'A/A: `proxy_pass` once more',
    'module': '(b) the module',
    'module, limits': '(b) the module, limits per user on',
    'secure_link': '(c) `secure_link`',
    'auth_allow': '(d) `auth_request`, checks nothing',
    'auth_node': '(d) `auth_request`, Node and Redis',
    'lua': '(e) Lua and Redis',
}

TARGETS = {'small': 0.72, 'range': 0.88}


class Media:
    def __init__(self, bench):
        self.bench = bench
        self.edges = {
            'plain': bench.edges.start('plain'),
            'plain again': bench.edges.start('plain'),
            'module': bench.edges.start('module'),
            'secure_link': bench.edges.start('secure_link'),
            'auth_allow': bench.edges.start('auth_allow'),
            'lua': bench.edges.start('lua'),
        }

        if bench.node:
            self.edges['auth_node'] = bench.edges.start('auth_node')

        if bench.edges.known:
            self.edges['module, limits'] = bench.edges.start(
                'module', MORE=bench.edges.limits_off(*LIMITS))

        self.requests = {}
        self.asked = 0

        for object in 'small', 'large':
            self.ask_grants(object)

    def ask_grants(self, object):
        bench, few = self.bench, range(USERS)
        plain = ['/recordings/%s.mp3 %s' % (object, sid(i)) for i in few]
        own = bench.world.grants(self.edges['lua'], object, few)
        lines = {name: plain for name in
                 ('plain', 'plain again', 'auth_allow')}

        lines['secure_link'] = [signed_link(object, i) for i in few]
        lines['lua'] = lines['auth_node'] = own

        # many users, so that the load reaches none of the limits

        many = bench.world.grants(self.edges['module'], object,
                                  range(bench.world.users))
        lines['module, limits'] = many
        lines['module'] = many[:USERS]

        if object == 'small':
            self.lines = lines

        for size, (of, headers, *_) in SIZES.items():
            if of == object:
                for name in self.edges:
                    self.requests[name, size] = Requests(
                        '%s/%s-%s.txt' % (bench.run, name, object),
                        lines[name], headers=headers)

    def run(self, name, size):
        bench = self.bench
        seen = closed(self.edges[name], self.requests[name, size],
                      bench.settings.seconds, SIZES[size][2],
                      [bench.redis] + ([bench.node] if bench.node else []))
        seen.setdefault('node', 0)

        if name == 'module':
            self.asked += seen['n']

        return seen


def signed_link(object, i):
    uri = '/recordings/%s.mp3' % object
    expires = int(time.time()) + 86400
    text = '%d%s %s' % (expires, uri, SECRET)
    sum = base64.urlsafe_b64encode(hashlib.md5(text.encode()).digest())

    return '%s?md5=%s&expires=%d %s' % (uri, sum.decode().rstrip('='),
                                        expires, sid(i))


def measure(bench):
    media = Media(bench)
    cases = {(name, size): lambda name=name, size=size: media.run(name, size)
             for size in SIZES for name in media.edges}

    gate(bench, media)
    warm_up(media)

    before = media.edges['module'].cpu()
    media.asked = 0
    rounds = bench.rounds(cases)
    spent = sum(run['worker'] * run['n'] for (name, _), runs
                in rounds.seen.items() if name == 'module' for run in runs)

    bench.say('waiting for the closing scripts of the playbacks')
    time.sleep(bench.settings.pick(33, 0))
    outside = (media.edges['module'].cpu() - before) * 1e6 - spent

    report(bench, media, rounds, outside / media.asked)

    for edge in media.edges.values():
        edge.stop()


def gate(bench, media):
    for name in media.edges:
        first = media.lines[name][0]
        entry = Gate(bench.redis, media.edges[name], first)

        if name == 'secure_link':
            entry.checks_signature()
        elif not name.startswith(('plain', 'auth_allow')):
            entry.judges()


def warm_up(media):
    """The first GET of a grant enters its playback; JIT compilers learn."""

    for size in media.bench.settings.pick(list(SIZES), ['small']):
        for name, edge in media.edges.items():
            lines = media.requests[name, size]
            media.bench.say('warming up: %s, %s' % (name, size))
            closed(edge, lines, 1, SIZES[size][2])


def report(bench, media, rounds, outside):
    out = bench.report

    for size, (*_, title) in SIZES.items():
        out.heading('A media request: ' + title)
        out.table(
            ('', 'requests/s', 'of plain [95 %]', 'worker µs',
             'worker µs of plain [95 %]', 'worker busy', 'p50 µs', 'p99 µs',
             'Redis µs', 'Node µs'),
            [row(rounds, name, size) for name in TITLES
             if name in media.edges])
        targets(out, rounds, size)

    out.text(
        'Closing scripts: beyond its runs the module\'s worker spent %.2f µs '
        'a request of these tables, which is what entering the ends of the '
        'playbacks took, its timers included.' % outside)


def row(rounds, name, size):
    case = name, size
    value = lambda what: rounds.median(case, what)

    return (TITLES[name], number(value('rate')),
            rounds.ratio(case, ('plain', size)).text(),
            number(value('worker'), 1),
            rounds.ratio(case, ('plain', size), 'worker').text(),
            '%.2f' % value('busy'), number(value('p50')),
            number(value('p99')), number(value('redis'), 1),
            number(value('node'), 1))


def targets(out, rounds, size):
    wanted = TARGETS.get(size)

    if not wanted:
        return

    title = SIZES[size][3]
    seen = rounds.ratio(('module', size), ('plain', size))
    stub = rounds.ratio(('module', size), ('auth_allow', size))

    out.target('the module, ' + title + ': of plain\'s requests/s',
               '≥ %.2f' % wanted, seen.text(), seen.median >= wanted)
    out.target('… of those of an `auth_request` that checks nothing',
               '> 1', stub.text(), stub.median > 1)
