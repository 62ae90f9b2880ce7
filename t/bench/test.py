#!/usr/bin/env python3
"""The bench's own tests, in test/.  The last line is "N passed, N failed"."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))

sys.dont_write_bytecode = True
sys.path.insert(0, HERE + '/lib')

tests = unittest.defaultTestLoader.discover(HERE + '/test')
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
bad = len(result.failures) + len(result.errors)

print('%d passed, %d failed' % (result.testsRun - bad, bad))
sys.exit(bad > 0 or result.testsRun == 0)
