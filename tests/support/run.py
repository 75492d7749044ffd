"""Runs tests of the unittest kind that load BPF programs: `run.py FOLDER MODULE[.CLASS[.TEST]]...`.
Exit code 77: all of it was skipped; the reasons are printed."""
import os
import sys
import unittest


def main():
    if os.geteuid() != 0:
        print("SKIP: needs root: BPF programs are loaded")
        return 77
    folder, *names = sys.argv[1:]
    sys.path.insert(0, os.path.abspath(folder))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print("SKIP %s: %s" % (test, reason))
    if not result.wasSuccessful():
        return 1
    return 77 if len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
