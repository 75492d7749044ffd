"""Holds one property, or all, against a recording of record.py.

usage: check.py PROPERTY|all RECORDING
"""
import sys

import accuracy  # noqa: F401: each registers its properties
import hosts  # noqa: F401
import stacks  # noqa: F401
from harness import SKIPPED
from interpreters import Skip
from properties import registry
from recording import Failure, Recording


def run(name, recording):
    """(failures, skips) of one property."""
    failed, skipped = [], []
    for function in registry[name]:
        title = function.__name__.replace("_", " ")
        try:
            function(recording)
            print("ok       %s: %s" % (name, title))
        except Skip as reason:
            skipped.append(function)
            print("SKIPPED  %s: %s: %s" % (name, title, reason))
        except Failure as failure:
            failed.append(function)
            print("FAILED   %s: %s: %s" % (name, title, failure))
    return failed, skipped


def main():
    name, path = sys.argv[1:]
    try:
        recording = Recording(path)
    except Skip as reason:
        print("SKIPPED  %s" % reason)
        return SKIPPED
    names = sorted(registry) if name == "all" else [name]
    failed, skipped = [], []
    for each in names:
        if each not in registry:
            raise SystemExit("no property %r: %s" % (each, ", ".join(sorted(registry))))
        result = run(each, recording)
        failed += result[0]
        skipped += result[1]
    if failed:
        return 1
    return SKIPPED if name != "all" and len(skipped) == len(registry[name]) else 0


if __name__ == "__main__":
    sys.exit(main())
