"""make bench: what the module costs beside what people use today.

Read docs/performance.md; t/bench/bench.sh starts this.
"""

import atexit
import importlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time

from process import raise_limits, stop_all
from report import Report, company
from rounds import Rounds, spoken
from servers import NGINX, ROOT, Edges, NodeService, RedisServer, origin
from settings import CASES, Settings
from world import World

USERS = 10000                       # so that 10,000 streams have each their own


class Bench:
    """What all cases share."""

    def __init__(self, settings, run, module, files):
        self.settings, self.run, self.files = settings, run, files
        self.report, self.runs = Report(), []
        self.begin = time.monotonic()
        self.redis = RedisServer(run)
        self.node = NodeService(run, self.redis) \
            if shutil.which('node') else None
        self.edges = Edges(run, module, origin(run), self.redis, self.node)
        self.say('%d users' % USERS)
        self.world = World(self.redis, USERS)

    def rounds(self, cases, most=99):
        rounds = Rounds(cases, self.settings.rounds_of(most),
                        self.settings.seed, self.say)
        self.runs.append({spoken(name): runs
                          for name, runs in rounds.seen.items()})
        self.tell_bad()
        return rounds

    def tell_bad(self):
        """A figure with failures in it is none to rely on."""

        for name, runs in self.runs[-1].items():
            bad = sum(run.get('bad', 0) for run in runs)

            if bad:
                self.report.text(
                    '**%s: %d requests of %d failed or were not answered '
                    '2xx.** The figures of this row are not to be relied on.'
                    % (name, bad, sum(run['n'] for run in runs)))

    def say(self, text):
        print('%5.0f s  %s' % (time.monotonic() - self.begin, text),
              file=sys.stderr, flush=True)


def main():
    module = os.path.realpath(os.environ['MODULE'])
    settings = Settings()
    run = '%s/build/bench/run' % ROOT

    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit('bench: needs two cores')

    files = raise_limits()
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    atexit.register(stop_all)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    bench = Bench(settings, run, module, files)
    bench.report.text(conditions(settings, bench))

    # what has been measured stays, should a later case fail

    for case in settings.cases:
        importlib.import_module('case_' + case).measure(bench)
        save(bench)

    bench.say('done')
    print(bench.report.markdown())


def save(bench):
    bench.report.remark = company(bench.runs)

    with open(ROOT + '/build/bench/report.md', 'w') as file:
        file.write(bench.report.markdown())

    with open(ROOT + '/build/bench/runs.json', 'w') as file:
        json.dump(bench.runs, file, indent=1)


def conditions(settings, bench):
    """Who reads a number must know where it comes from."""

    def said(*command):
        if not shutil.which(command[0]):
            return '–'

        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().partition('\n')[0]

    return (
        'Commit %s, %s, %s. %s, Redis %s, Node %s, Linux %s, %d cores (%s). '
        '%d rounds of %d s, seed %d.' % (
            said('git', '-C', ROOT, 'describe', '--always', '--dirty'),
            time.strftime('%Y-%m-%d'),
            kind(settings),
            said(NGINX, '-v').replace('nginx version: ', ''),
            bench.redis.client.info('server')['redis_version'],
            said('node', '--version').lstrip('v'), platform.release(),
            os.cpu_count(), processor(), settings.rounds, settings.seconds,
            settings.seed))


def kind(settings):
    text = 'a quick look' if settings.quick else 'a whole run'

    return text if settings.cases == CASES else '%s at %s' % (
        text.replace('whole ', ''), ', '.join(settings.cases))


def processor():
    with open('/proc/cpuinfo') as file:
        names = [line.partition(':')[2].strip() for line in file
                 if line.startswith('model name')]

    return names[0] if names else 'unknown'


main()
