"""Starts the agent and programs of tests/workloads, and collects what each of them says."""
import glob
import json
import os
import queue
import re
import subprocess
import tempfile
import sys
import threading
import time

from interpreters import REPO, Skip

sys.path.insert(0, os.path.join(REPO, "tests", "support"))
import pprof_reader  # noqa: E402

SKIPPED = 77
READY_SECONDS = 60
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def profd_path():
    path = os.environ.get("PROFD")
    if not path:
        raise SystemExit("PROFD must name the agent's executable")
    return os.path.abspath(path)


def require_bpf():
    """Raises Skip where no agent can run at all."""
    if os.geteuid() != 0:
        raise Skip("needs root: BPF programs are loaded")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skip("the kernel has no BTF")


class _Lines:
    """The lines a child process prints, with a time limit."""

    def __init__(self, stream):
        self.seen = []
        self._ended = False
        self._queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def until(self, wanted, seconds):
        """Reads up to the line for which wanted(line) is true; returns whether it came."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return False
            if line is None:
                self._ended = True
                return False
            self.seen.append(line)
            if wanted(line):
                return True

    def rest(self):
        """All lines; waits for the stream's end."""
        while not self._ended:
            self.until(lambda line: False, READY_SECONDS)
        return self.seen


class Workload:
    """One running program. It ends by SIGTERM, and then answers."""

    def __init__(self, interpreter, program, arguments=(), options=(), environment=None, wrapper=()):
        command = [*wrapper, *interpreter.command(program, [0, *arguments], options)]
        self.name = program
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, encoding="utf-8", start_new_session=True,
            env=dict(os.environ, PYTHONIOENCODING="utf-8", PYTHONDONTWRITEBYTECODE="1",
                     **(environment or {})))
        self.pid = self._process.pid
        self._lines = _Lines(self._process.stdout)
        self._errors = _Lines(self._process.stderr)
        self.facts, self.answer = {}, {}

    def wait_ready(self):
        if self._lines.until("READY".__eq__, READY_SECONDS):
            documents = [json.loads(line) for line in self._lines.seen[:-1]]
            self.facts = documents[-1] if documents else {}
            return
        self._process.kill()
        status, said = self._process.wait(), "\n".join(self._lines.rest() + self._errors.rest())
        if status == SKIPPED:
            raise Skip(said)
        raise AssertionError("%s never got ready (status %d):\n%s" % (self.name, status, said))

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICK

    def stop(self):
        """Ends the program; `answer` is what it measured of itself."""
        self._process.terminate()
        try:
            status = self._process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError("%s did not end by SIGTERM" % self.name)
        lines = self._lines.rest()
        if status != 0:
            raise AssertionError("%s ended with %d:\n%s" %
                                 (self.name, status, "\n".join(self._errors.rest()[-20:])))
        self.answer = json.loads(lines[-1]) if lines[-1].startswith("{") else {}

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Agent:
    """profd with a socket and an output directory of its own; one profile, written at the end."""

    def __init__(self, rate_hz, arguments=("--all-python",)):
        self._folder = tempfile.TemporaryDirectory(prefix="profd-e2e-")
        self.output = os.path.join(self._folder.name, "profiles")
        self._process = subprocess.Popen(
            [profd_path(), *arguments, "--rate", str(rate_hz), "--interval", "1h",
             "--socket", os.path.join(self._folder.name, "socket"), "--output", self.output,
             "--log-level", "info"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            universal_newlines=True)
        self._log = _Lines(self._process.stderr)
        if not self._log.until(lambda line: "sampling rate=" in line, READY_SECONDS):
            self._process.kill()
            self._process.wait()
            log = "\n".join(self._log.rest())
            if "CAP_" in log or "Operation not permitted" in log:
                raise Skip("the agent lacks a privilege here: " + log)
            raise AssertionError("the agent does not start:\n" + log)

    def stop(self):
        """Ends the agent by SIGINT; returns its profile."""
        self._process.send_signal(2)
        status = self._process.wait(READY_SECONDS)
        self.log = self._log.rest()
        log = "\n".join(self.log)
        if status != 0:
            raise AssertionError("the agent ended with status %d:\n%s" % (status, log))
        errors = [line for line in self.log if re.search(r"\blevel=(error|critical)\b", line)]
        if errors:
            raise AssertionError("the agent logged errors:\n" + "\n".join(errors))
        files = glob.glob(os.path.join(self.output, "**", "*.pb.gz"), recursive=True)
        if len(files) != 1:
            raise AssertionError("the agent wrote %d files, not 1:\n%s" % (len(files), log))
        return pprof_reader.read(files[0])

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


def run_until_cpu(budgets, limit_seconds):
    """Waits until each workload has used its CPU seconds: (workload, seconds, stop). Those with
    `stop` are ended as soon as they have. Returns False when the limit came first: a busy host."""
    waiting = [(workload, workload.cpu_seconds() + seconds, stop)
               for workload, seconds, stop in budgets]
    end = time.monotonic() + limit_seconds
    while waiting and time.monotonic() < end:
        for entry in list(waiting):
            workload, target, stop = entry
            if workload.cpu_seconds() >= target:
                waiting.remove(entry)
                if stop:
                    workload.stop()
        time.sleep(0.05)  # between two looks at the clocks
    for workload, _, stop in waiting:
        if stop:
            workload.stop()
    return not waiting
