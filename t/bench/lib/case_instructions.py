"""Instructions a request: counted by t/bench/instructions.*, which is a
program of its own; what it prints is shown as it is."""

import glob
import os

from process import run
from servers import BENCH


def measure(bench):
    found = [path for path in glob.glob(BENCH + '/instructions.*')
             if os.access(path, os.X_OK)]

    if not found:
        bench.say('no t/bench/instructions.*: left out')
        return

    text = run([found[0]], timeout=600,
               env=dict(os.environ, AIDIAL_MODULE=bench.edges.module))
    bench.report.heading('Instructions a request, in user mode')
    bench.report.text('```\n%s\n```' % text.strip())
