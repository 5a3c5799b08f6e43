"""Runs tests of unittest, and prints a line of JSON as each begins and ends.

What prevents a class of tests from starting is the result of each test in it; a class that cannot clean up fails its last test.
"""
import json
import re
import time
import unittest


def reason(text):
    """The complaint below a traceback's last frame, in one line."""
    lines = []
    for line in reversed(text.strip().splitlines()):
        if line.startswith('  ') and lines:
            break
        lines.insert(0, line.strip())
    return ' '.join(lines)[:1000]


def complaint(error, details):
    if error is not None:
        return reason('%s: %s' % (error[0].__name__, error[1]))
    found = [content.as_text() for name, content in sorted((details or {}).items()) if name.startswith('traceback')]
    return reason(found[0]) if found else 'it gives no reason'


class Result(unittest.TestResult):
    def __init__(self, names):
        super().__init__()
        self.names = names                                  # by test.id()
        self.left = {}                                      # class to the names of its tests without a result
        self.last = {}                                      # class to the name of its test that ended last
        self.began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.say(test=self.names[test.id()])

    def addSuccess(self, test, details=None):
        self.end(test, 'passed')

    def addError(self, test, err=None, details=None):
        self.end(test, 'failed', complaint(err, details))

    addFailure = addError

    def addExpectedFailure(self, test, err=None, details=None):
        self.end(test, 'passed')

    def addUnexpectedSuccess(self, test, details=None):
        self.end(test, 'failed', 'it passes, and its authors expect it to fail')

    def addSkip(self, test, reason=None, details=None):
        said = reason if reason is not None else (details or {}).get('reason')
        self.end(test, 'skipped', said if isinstance(said, str) or said is None else said.as_text())

    def end(self, test, outcome, says=None):
        name = self.names.get(test.id())
        if name is not None:
            self.ended(unittest.util.strclass(test.__class__), name, outcome, says)
            return
        step, group = re.fullmatch(r'(\w+) \((.*)\)', test.id()).groups()
        if step.startswith('setUp'):
            for each in [key for key in self.left if key == group or key.startswith(group + '.')]:
                for name in list(self.left[each]):
                    self.ended(each, name, outcome, says, 0)
        elif outcome == 'failed' and group in self.last:
            self.ended(group, self.last[group], outcome, '%s: %s' % (step, says), 0)

    def ended(self, group, name, outcome, says, seconds=None):
        self.left[group].discard(name)
        self.last[group] = name
        self.say(test=name, outcome=outcome, says=says,
                 seconds=time.monotonic() - self.began if seconds is None else seconds)

    @staticmethod
    def say(**what):
        print(json.dumps(what), flush=True)


def run(tests):
    """Runs tests by name, those of a class one after the other."""
    result = Result({test.id(): name for name, test in tests.items()})
    for name, test in tests.items():
        result.left.setdefault(unittest.util.strclass(test.__class__), set()).add(name)
    unittest.TestSuite(tests.values()).run(result)
