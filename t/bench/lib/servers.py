"""The servers of the bench: Redis, the media origin, Node, and the edges."""

import os
import re
import resource
import subprocess
import time

from process import (EDGE_CORES, Process, children_of, cpu_of, free_port,
                     memory_of)
import resp

BENCH = os.path.realpath(os.path.join(os.path.dirname(__file__), '..'))
ROOT = os.path.realpath(os.path.join(BENCH, '../..'))
NGINX = os.environ.get('NGINX', '/usr/sbin/nginx')
SCRIPTS = ROOT + '/ngx_aidial_recording_module/redis/lua'
SECRET = 'a-secret-of-the-peers-of-32-octets'

SMALL, LARGE = 256, 5_000_000       # bytes of the two objects


def script(name):
    """A script of the module with what it includes, as the build makes it."""

    def include(match):
        with open('%s/lib/%s' % (SCRIPTS, match[1])) as file:
            return file.read()

    with open('%s/%s.lua' % (SCRIPTS, name)) as file:
        return re.sub(r'^--@ include (\S+)\n', include, file.read(),
                      flags=re.M)


class RedisServer(Process):
    def __init__(self, run, name='redis'):
        self.port = free_port()
        super().__init__(name, [
            'redis-server', '--port', str(self.port), '--bind', '127.0.0.1',
            '--dir', run, '--save', '', '--appendonly', 'no',
            '--maxclients', '1000'], '%s/%s.log' % (run, name))
        self.wait_for(self.port)
        self.client = resp.Redis(self.port)
        self.epoch = self.client.info('replication')['master_replid']
        self.issue, self.begin = (
            self.client.ask('SCRIPT', 'LOAD', script(name))
            for name in ('grant_issue', 'grant_begin'))


class NodeService(Process):
    def __init__(self, run, redis):
        self.port = free_port()
        super().__init__('node', [
            'node', BENCH + '/peer/auth.mjs', str(self.port),
            str(redis.port), SECRET, redis.epoch], run + '/node.log',
            env={'NODE_ENV': 'production'})
        self.wait_for(self.port)


class Nginx(Process):
    """An nginx of its own: one worker and a directory NAME in the run's."""

    def __init__(self, run, name, conf, words, cores=EDGE_CORES, env=None):
        home = '%s/%s' % (run, name)
        os.makedirs(home, exist_ok=True)
        self.port = free_port()
        self.wait_port, self.slow_port = free_port(), free_port()

        root = os.getuid() == 0
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        words = dict({
            'USER': 'user root;' if root else '', 'PORT': self.port,
            'WAIT_PORT': self.wait_port, 'SLOW_PORT': self.slow_port,
            'LISTEN': '', 'MORE': '', 'REDIS_MORE': '', 'SECRET': SECRET,
            'PEER': BENCH + '/peer', 'FILES': files,
            'CONNECTIONS': 4 * files,
        }, **words)

        for part in 'main', 'http', conf:
            fill_in(part, words, '%s/%s.conf' % (home, part))

        super().__init__(name, [
            NGINX, '-p', home, '-c', '%s/%s.conf' % (home, conf),
            '-e', home + '/error.log', '-g',
            'daemon off; pid "%s/pid";' % home], home + '/out.log', cores,
            env)
        self.home = home
        self.wait_for(self.port)
        self.worker = self.first_child()

    def first_child(self):
        """The master listens before it has a worker."""

        while not children_of(self.pid):
            time.sleep(0.01)

        return children_of(self.pid)[0]

    def cpu(self):
        return cpu_of(self.worker)

    def memory(self):
        return memory_of(self.worker)


def fill_in(part, words, path):
    with open('%s/conf/%s.conf' % (BENCH, part)) as file:
        text = file.read()

    text = re.sub(r'@([A-Z_]+)@',
                  lambda match: str(words.get(match[1], match[0])), text)

    with open(path, 'w') as file:
        file.write(text)


def origin(run):
    media = run + '/media'
    os.makedirs(media, exist_ok=True)

    for name, size in ('small.mp3', SMALL), ('large.mp3', LARGE):
        with open('%s/%s' % (media, name), 'wb') as file:
            file.write(os.urandom(size))

    return Nginx(run, 'origin', 'origin', {'MEDIA': media},
                 set(os.sched_getaffinity(0)) - EDGE_CORES)


class Edges:
    """Starts edges: what they are named after is in conf/."""

    def __init__(self, run, module, origin, redis, node=None):
        self.run, self.module, self.origin = run, module, origin
        self.redis, self.node = redis, node
        self.key = run + '/grant.key'

        with open(self.key, 'w') as file:
            file.write('an-example-of-a-key-of-32-octets')

        self.known = known_directives(run, module)
        self.n = 0

    def start(self, conf, redis=None, slow=False, **words):
        redis = redis or self.redis
        self.n += 1
        words = dict({
            'ORIGIN': self.origin.slow_port if slow else self.origin.port,
            'LISTEN': 'sndbuf=16k' if slow else '',
            'REDIS': redis.port, 'EPOCH': redis.epoch,
            'ISSUE': redis.issue, 'BEGIN': redis.begin,
            'NODE': self.node.port if self.node else 0,
            'MODULE': self.module, 'KEY_FILE': self.key,
            'LUA': ROOT + '/build/bench/lua', 'LUA_LIB': library_dir(),
            'MORE': self.limits_off(),
        }, **words)

        return Nginx(self.run, '%s-%d' % (conf, self.n), conf, words,
                     env={'LD_LIBRARY_PATH': lua_libraries()}
                     if conf == 'lua' else None)

    def limits_off(self, *but):
        """The limits per user would stop a load of few users; "but" are
        left as they are by default."""

        return '\n    '.join('%s off;' % name for name in self.known
                             if name not in but and name != RECHECK)


LIMITS = ['aidial_recording_media_rate', 'aidial_recording_streams',
          'aidial_recording_bandwidth']
RECHECK = 'aidial_recording_recheck'


def known_directives(run, module):
    """Those of the optional directives that this build has."""

    path = run + '/probe.conf'
    known = []

    for name in LIMITS + [RECHECK]:
        with open(path, 'w') as file:
            file.write('load_module "%s"; error_log stderr; pid %s/pid;\n'
                       'events { } http { %s off; }\n' % (module, run, name))

        said = subprocess.run([NGINX, '-t', '-p', run, '-c', path,
                               '-e', 'stderr'], capture_output=True,
                              text=True).stderr
        if 'unknown directive' not in said:
            known.append(name)

    return known


def library_dir():
    """/usr/lib/x86_64-linux-gnu, or what it is called on this machine"""

    multiarch = subprocess.run(['gcc', '-print-multiarch'], text=True,
                               capture_output=True).stdout.strip()
    return '/usr/lib/' + multiarch


def lua_libraries():
    lua = ROOT + '/build/bench/lua'
    return '%s%s:%s%s' % (lua, library_dir(), lua,
                          library_dir().removeprefix('/usr'))
