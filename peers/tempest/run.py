"""Lists or runs the tests that tempest discovers, its plug-ins' among them.

`run.py list` prints a JSON list of their names, which are those of unittest without tempest's attributes in brackets.
`run.py run FILE` runs those that FILE names, one a line, in its order.
"""
import json
import os
import re
import signal
import sys
import unittest

import tempest.test_discover
import testtools

import results

PATH = os.path.dirname(tempest.test_discover.__file__)


def discovered():
    """All tests, by name."""
    suite = unittest.TestLoader().discover(PATH, top_level_dir=os.path.dirname(os.path.dirname(PATH)))
    tests = {re.sub(r'\[[^\[\]]*\]$', '', test.id()): test for test in testtools.iterate_tests(suite)}
    broken = [name for name, test in tests.items() if isinstance(test, unittest.loader._FailedTest)]
    if broken:
        raise SystemExit('tempest cannot load %s' % broken[0])
    return tests


if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # Ctrl-C is for the program that started this one: no test fails by it
    if sys.argv[1] == 'list':
        print(json.dumps(list(discovered())))
    else:
        with open(sys.argv[2]) as file:
            wanted = file.read().split('\n')
        tests = discovered()
        results.run({name: tests[name] for name in wanted})
