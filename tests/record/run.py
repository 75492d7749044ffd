"""Runs one module of tests: `run.py MODULE[.CLASS.TEST]`. Exit code 77: all of it was skipped; the
reasons are printed. PROFD names the program."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    if os.geteuid() != 0:
        print("SKIP: needs root: BPF programs are loaded")
        return 77
    suite = unittest.defaultTestLoader.loadTestsFromNames([".".join(sys.argv[1:])])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print("SKIP %s: %s" % (test, reason))
    if not result.wasSuccessful():
        return 1
    return 77 if len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
