"""(f) the other two locations: grants that are issued, and status."""

from load import Requests, closed
from process import EDGE_CORES, run
from report import number
from servers import RedisServer
from world import World, sid

USERS = 1000
FIRST = 5000                        # runs that tell how many fit into the time
WORKER_US, LUA_US = 12, 29

POST = ['Content-Type: application/json', 'Sec-Fetch-Site: same-origin']
BODY = '{"action": "playback"}'
FIELDS = ['u_1', 'client_manager', 't_1', 'cl_1', 'p_1', 'small-1',
          'playback', 'allowed', '', 'a' * 32, 'b' * 32, '127.0.0.1',
          'c' * 32, '', 'edge']

TITLES = {
    'return': '`return 200`',
    'return again': 'A/A: `return 200` once more',
    'status module': 'status, the module',
    'status lua': 'status, Lua',
    'issue module': 'a grant, the module',
    'issue lua': 'a grant, Lua',
}


class Grant:
    """With a Redis of its own: what was issued is thrown away each time."""

    def __init__(self, bench):
        self.bench, self.counts = bench, {}
        self.redis = RedisServer(bench.run, 'redis-grant')
        self.redis.name = 'redis'
        self.world = World(self.redis, USERS, large=False)
        start = bench.edges.start
        self.edges = {
            'return': start('plain'), 'return again': start('plain'),
            'module': start('module', self.redis),
            'lua': start('lua', self.redis),
        }
        self.requests = {
            'return': self.lines('return', '/return'),
            'status': self.lines('status', '/api/calls/small-%d/recording'),
            'issue': self.lines('issue', '/api/calls/small-%d/recording/grant',
                                'POST', BODY, POST),
        }

    def lines(self, name, path, *how):
        return Requests('%s/%s.txt' % (self.bench.run, name),
                        ['%s %s' % (path % i if '%' in path else path, sid(i))
                         for i in range(USERS)], *how)

    def run(self, name):
        what, _, edge = name.partition(' ')
        edge = self.edges.get(edge) or self.edges[name]
        seen = closed(edge, self.requests[what],
                      self.bench.settings.seconds, servers=[self.redis])
        self.clean()
        return seen

    def own_rate(self, pipeline, *words):
        """What Redis does alone, asked by redis-benchmark from the core of
        the edge: runs a second, and its time for each."""

        n = self.counts.get((pipeline, words[0]), FIRST)
        before = self.redis.cpu()
        text = run(['redis-benchmark', '-p', str(self.redis.port), '-c', '32',
                    '-n', str(n), '-P', str(pipeline), '-r', '1000000000',
                    '--csv', *words], EDGE_CORES)
        spent = self.redis.cpu() - before
        self.clean()

        rate = float(text.strip().splitlines()[-1].split('","')[1])
        self.counts[pipeline, words[0]] = max(
            FIRST, int(rate * self.bench.settings.seconds))
        return {'rate': rate, 'redis': spent / n * 1e6}

    def script(self, pipeline):
        keys = ['aidial:{t_1}:grant:__rand_int__', 'aidial:{t_1}:rate:u_1',
                'aidial:{t_1}:audit']
        words = ['EVALSHA', self.redis.issue, '3', *keys, '__rand_int__',
                 self.redis.epoch, 'allowed', 'playback', '7260', '0', '0',
                 *FIELDS]

        # redis-benchmark does not look at what it is answered

        if self.redis.client.ask(*words)[0] != 1:
            raise SystemExit('bench: the script does not issue')

        return self.own_rate(pipeline, *words)

    def clean(self):
        self.redis.client.ask('FLUSHALL')
        self.world.write()


def measure(bench):
    grant = Grant(bench)
    cases = {name: lambda name=name: grant.run(name) for name in TITLES}
    cases['script'] = lambda: grant.script(1)
    cases['script again'] = lambda: grant.script(1)
    cases['script 16'] = lambda: grant.script(16)
    cases['get'] = lambda: grant.own_rate(4, 'GET',
                                          'aidial:session:' + sid(1))

    for name in cases:
        bench.say('warming up: ' + name)
        cases[name]()

    rounds = bench.rounds(cases, 5)
    report(bench.report, rounds)

    for edge in grant.edges.values():
        edge.stop()

    grant.redis.stop()


def report(out, rounds):
    out.heading('Grants and status')
    out.table(
        ('', 'requests/s', 'of `return 200` [95 %]', 'worker µs [95 %]',
         'p50 µs', 'p99 µs', 'Redis µs'),
        [(title, number(rounds.median(name, 'rate')),
          rounds.ratio(name, 'return').text(3),
          rounds.estimate(name, 'worker').text(1),
          number(rounds.median(name, 'p50')),
          number(rounds.median(name, 'p99')),
          number(rounds.median(name, 'redis'), 1))
         for name, title in TITLES.items()])

    alone(out, rounds)
    targets(out, rounds)


def alone(out, rounds):
    out.text('What Redis does alone, asked by `redis-benchmark` from the '
             'other core:')
    out.table(
        ('', 'a second', 'of the script [95 %]', 'Redis µs each'),
        [(title, number(rounds.median(name, 'rate') / each),
          rounds.ratio(name, 'script').text() if each == 1 else '–',
          '%.1f' % (rounds.median(name, 'redis') * each))
         for name, title, each in (
             ('script', 'the script that issues (`EVALSHA`)', 1),
             ('script again', 'A/A: the same once more', 1),
             ('script 16', '… 16 in a pipeline', 1),
             ('get', 'a status: four `GET` in a pipeline', 4))])


def targets(out, rounds):
    seen, lua = (rounds.estimate('issue ' + name, 'worker')
                 for name in ('module', 'lua'))
    ratio = rounds.ratio('issue module', 'issue lua', 'worker')

    out.target('worker time to issue a grant', '≤ %d µs' % WORKER_US,
               seen.text(1) + ' µs', seen.median <= WORKER_US)
    out.target('… where Lua takes %d µs: of Lua\'s here (%s µs)'
               % (LUA_US, lua.text(1)), '≤ %.2f' % (WORKER_US / LUA_US),
               ratio.text(), ratio.median <= WORKER_US / LUA_US)
