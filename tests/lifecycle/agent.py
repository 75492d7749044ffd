"""Runs profd with a socket and an output directory of its own, and reads what it says and writes."""
import collections
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKLOADS = os.path.join(REPO, "tests", "workloads")
for folder in ("support", "e2e"):
    sys.path.insert(0, os.path.join(REPO, "tests", folder))

import pprof_reader  # noqa: E402

LIMIT_SECONDS = 120
SPACE, CPU = 0, 1  # sample types of a profile: samples/count, cpu/nanoseconds


def wait_until(condition, what, seconds=LIMIT_SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        time.sleep(0.02)  # between two looks


class Agent:
    """Use with `with`; stop() or leaving it ends the agent by SIGINT."""

    def __init__(self, *arguments, rate=499, interval="1h", selection=("--all-python",), wait=True):
        self._folder = tempfile.TemporaryDirectory(prefix="profd-lifecycle-")
        self.socket = os.path.join(self._folder.name, "socket")
        self.output = os.path.join(self._folder.name, "profiles")
        self.log = []
        self.status_code = None
        self.process = subprocess.Popen(
            [os.environ["PROFD"], *selection, "--rate", str(rate), "--interval", interval,
             "--socket", self.socket, "--output", self.output, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if wait:
            wait_until(lambda: self.said("event=sampling") or self.process.poll() is not None,
                       "the agent starts")
            if self.process.poll() is not None:
                self._reader.join()
                raise AssertionError("the agent does not start:\n" + "\n".join(self.log))

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def said(self, text):
        return any(text in line for line in list(self.log))

    def status(self):
        done = subprocess.run([os.environ["PROFD"], "status", "--json", "--socket", self.socket],
                              stdout=subprocess.PIPE, check=True, timeout=LIMIT_SECONDS)
        return json.loads(done.stdout)

    def rss_bytes(self):
        with open("/proc/%d/statm" % self.pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        if self.status_code is None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
            self.status_code = self.process.wait(LIMIT_SECONDS)
            self._reader.join()
        return self

    def stopped(self):
        """The figures of the last line of the log."""
        self.stop()
        line = [line for line in self.log if "event=stopped" in line][-1]
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)
                if key not in ("level",)}

    def profiles(self):
        files = glob.glob(os.path.join(self.output, "**", "*.pb.gz"), recursive=True)
        return [pprof_reader.read(path) for path in sorted(files)]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print("\n".join(self.log[-40:]), file=sys.stderr)
        self._folder.cleanup()


class Seen:
    """What the profiles of one run say of each process."""

    def __init__(self, profiles):
        self.cpu_ns = collections.Counter()
        self.python_ns = collections.Counter()
        self.functions = collections.defaultdict(collections.Counter)  # pid -> leaf-to-root names
        self.versions = collections.defaultdict(set)
        self.versions_in = collections.defaultdict(set)  # (pid, function) -> versions
        self.clock_seconds = collections.Counter()
        self.comments = []
        for profile in profiles:
            for sample in profile.samples:
                pid, value = sample.labels["pid"], sample.values[CPU]
                self.cpu_ns[pid] += value
                self.versions[pid].add(sample.labels.get("python"))
                python = {frame.function for frame in sample.frames
                          if frame.file.endswith(".py") or frame.file.startswith("<")}
                if python:
                    self.python_ns[pid] += value
                for name in python:
                    self.functions[pid][name] += value
                    self.versions_in[pid, name].add(sample.labels.get("python"))
            for comment in profile.comments:
                match = re.match(r'profd.process_cpu_seconds\{pid="(\d+)".*\} ([0-9.]+)$', comment)
                if match:
                    self.clock_seconds[int(match.group(1))] += float(match.group(2))
            self.comments += profile.comments

    def names(self, pid):
        return {name.rpartition(".")[2] for name in self.functions[pid]}


class Program:
    """A running workload; `wait_ready` and `stop` as tests/workloads/common.py has it."""

    def __init__(self, command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        self.pid = self.process.pid
        self.answers = []

    def wait_ready(self):
        for line in self.process.stdout:
            if line == "READY\n":
                return self
            if line.startswith("{"):
                self.answers.append(json.loads(line))
        raise AssertionError("no READY from %s: status %d" % (self.process.args, self.process.wait()))

    def finish(self):
        """Waits for its end; returns its last answer."""
        for line in self.process.stdout:
            if line.startswith("{"):
                self.answers.append(json.loads(line))
        self.process.wait()
        return self.answers[-1] if self.answers else {}

    def stop(self):
        self.process.terminate()
        return self.finish()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.stdout.close()
        self.process.wait()


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def burn_until(programs, seconds):
    """Waits until each has used that much more CPU: independent of how busy the host is."""
    targets = [(program.pid, cpu_seconds(program.pid) + seconds) for program in programs]
    wait_until(lambda: all(cpu_seconds(pid) >= target for pid, target in targets), "CPU is used")
