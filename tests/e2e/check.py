"""Holds one property, or all, against a recording of record.py.

usage: check.py PROPERTY|all RECORDING       (environment: PROFD, the agent)

A property that failed and is tried once more (ctest --repeat until-pass) has a recording made for it
alone: it could only fail again on the old one.
"""
import contextlib
import os
import sys

import accuracy  # noqa: F401: each registers its properties
import hosts  # noqa: F401
import record
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


def recording_for(name, path):
    failed, own = "%s.%s.failed" % (path, name), "%s.%s" % (path, name)
    if not os.path.exists(failed):
        return Recording(path)
    print("failed before: a recording of its own is made")
    record.keep(Recording(path).interpreter, own)
    try:
        return Recording(own)
    finally:
        os.remove(own)


def note_failure(name, path, has_failed):
    failed = "%s.%s.failed" % (path, name)
    if has_failed:
        open(failed, "w").close()
    else:
        with contextlib.suppress(FileNotFoundError):
            os.remove(failed)


def main():
    name, path = sys.argv[1:]
    try:
        recording = recording_for(name, path)
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
    note_failure(name, path, failed)
    if failed:
        return 1
    return SKIPPED if name != "all" and len(skipped) == len(registry[name]) else 0


if __name__ == "__main__":
    sys.exit(main())
