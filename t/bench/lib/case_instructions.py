"""Instructions a request: counted by t/bench/instructions.*, which is a
program of its own; what it prints is shown as it is."""

import glob
import os
import re

from process import run
from servers import BENCH

LIMIT = 12000


def measure(bench):
    found = [path for path in glob.glob(BENCH + '/instructions.*')
             if os.access(path, os.X_OK)]

    if not found:
        bench.say('no t/bench/instructions.*: left out')
        return

    text = run([found[0]], timeout=600,
               env=dict(os.environ, AIDIAL_MODULE=bench.edges.module, TOP='0'))
    bench.report.heading('Instructions a request, in user mode')
    bench.report.text('```\n%s\n```' % text.strip())

    # name, all, and more than the plain one

    more = re.search(r'^media256 +\d+ +(\d+)$', text, re.M)

    if more:
        bench.report.target('instructions a request above plain',
                            '≤ %d' % LIMIT, more[1], int(more[1]) <= LIMIT)
