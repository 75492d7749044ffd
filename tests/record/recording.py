"""Runs `profd record` and reads what it wrote."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
for folder in ("lifecycle", "support", "e2e"):
    sys.path.insert(0, os.path.join(REPO, "tests", folder))

import pprof_reader  # noqa: E402
import pythons  # noqa: E402

LIMIT_SECONDS = 120
CPU = 1  # sample types of a profile: samples/count, cpu/nanoseconds

# One interpreter before 3.11's frames, one after, one whose layout it tells itself.
INTERPRETERS = ("3.8", "3.12", "3.13", "system")

# Uses CPU time in known shares, by its own clock.
SHARES = """
import time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
def one(): burn({0})
def three(): burn(3 * {0})
one()
three()
"""


def python(name="system"):
    return pythons.executable(name)


def profd(*arguments, **options):
    """Runs it to its end; output and errors are kept as text."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([os.environ["PROFD"], *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, **options)


def start(*arguments, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([os.environ["PROFD"], *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **options)


class Stacks:
    """Collapsed stacks: lists of frames, root first, and weights."""

    def __init__(self, path):
        self.stacks = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                frames, _, weight = line.rstrip("\n").rpartition(" ")
                self.stacks.append((frames.split(";"), int(weight)))
        self.total = sum(weight for _, weight in self.stacks)

    def under(self, function):
        """Weight of the stacks that hold a function."""
        pattern = re.compile(r"(^|\.)%s \(" % re.escape(function))
        return sum(weight for frames, weight in self.stacks
                   if any(pattern.search(frame) for frame in frames))

    def roots(self):
        return {frames[0] for frames, _ in self.stacks}

    def lines_of(self, function):
        text = " ".join(frame for frames, _ in self.stacks for frame in frames)
        return {int(line) for line in re.findall(r"\b%s \([^)]*:(\d+)\)" % re.escape(function), text)}


class RecordTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="profd-record-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = folder.name
        self.output = os.path.join(folder.name, "out.collapsed")

    def path(self, name):
        return os.path.join(self.folder, name)

    def record(self, *arguments, **options):
        """Must succeed; returns the stacks."""
        done = profd("record", "-o", self.output, *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Stacks(self.output)

    def files(self):
        return sorted(os.listdir(self.folder))


def read_pprof(path):
    return pprof_reader.read(path)
