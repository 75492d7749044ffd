"""Starts the agent on bad days, and what the tests of this folder share."""
import glob
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import traceback

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPO, "tests", "support"))
import pprof_reader  # noqa: E402

PROFD = os.path.abspath(os.environ.get("PROFD", os.path.join(REPO, "build", "dev", "profd")))
PATIENCE = 60  # seconds that a loaded machine may take for anything


class Skip(Exception):
    """Cannot run here; the text says why."""


def require_root():
    if os.geteuid() != 0:
        raise Skip("needs root: BPF programs are loaded")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skip("the kernel has no BTF")


def run(*arguments, timeout=PATIENCE, **options):
    """The agent to its end: exit code, stdout, stderr."""
    done = subprocess.run([PROFD, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def equal(actual, wanted, what=""):
    if actual != wanted:
        raise AssertionError("%s: %r, not %r" % (what, actual, wanted))


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError("%r is not in %r" % (part, text))


def until(condition, what, seconds=PATIENCE):
    """Polls until condition() is true, and returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("waited %d s in vain: %s" % (seconds, what))


class Agent:
    """profd with its own folder. As a context manager it is killed at the end."""

    def __init__(self, *arguments, output=None, interval="500ms", rate="200", wrap=(), ready=True,
                 selection=("--all-python",)):
        self._folder = tempfile.TemporaryDirectory(prefix="profd-hostile-")
        self.socket = os.path.join(self._folder.name, "socket")
        self.output = output or os.path.join(self._folder.name, "profiles")
        self.process = subprocess.Popen(
            [*wrap, PROFD, *selection, "--rate", rate, "--interval", interval, "--socket",
             self.socket, "--output", self.output, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        self.log = []
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if ready:
            self.until_logged("event=sampling")

    def _read(self):
        try:
            for line in self.process.stderr:
                self._lines.put(line)
        except ValueError:  # closed by the test
            pass
        self._lines.put(None)

    def until_logged(self, text, seconds=PATIENCE):
        """Waits for a line with `text`; returns it."""
        end = time.monotonic() + seconds
        while True:
            try:
                raw = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raw = None
            if raw is None:
                raise AssertionError("no %r in the log:\n%s" % (text, "\n".join(self.log)))
            line = raw.decode("utf-8", "surrogateescape").rstrip("\n")
            self.log.append(line)
            if text in line:
                return line

    def status(self):
        code, out, error = run("status", "--json", "--socket", self.socket)
        equal(code, 0, "profd status: " + error)
        return json.loads(out)

    def resident_mib(self):
        with open("/proc/%d/status" % self.pid) as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        raise AssertionError("the agent has gone")

    def stop(self, signal=15):
        """Ends it cleanly; returns its exit code."""
        self.process.send_signal(signal)
        code = self.process.wait(PATIENCE)
        while True:
            raw = self._lines.get(timeout=PATIENCE)
            if raw is None:
                return code
            self.log.append(raw.decode("utf-8", "surrogateescape").rstrip("\n"))

    def files(self):
        return sorted(glob.glob(os.path.join(self.output, "*", "*", "*.pb.gz")))

    def samples(self):
        return [sample for path in self.files() for sample in pprof_reader.read(path).samples]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()


class Target:
    """A Python program that prints "ready" when it is; killed at the end."""

    def __init__(self, source, executable=sys.executable, arguments=()):
        self.process = subprocess.Popen([executable, "-u", "-c", source, *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.first_line = self.process.stdout.readline().decode().strip()
        if not self.first_line.startswith("ready"):
            raise Skip("the target does not start: %r" % self.first_line)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()


SPIN = """
def honest_spin():
    while True:
        sum(range(200))
print("ready")
honest_spin()
"""


def start_liar(kind):
    """A process that forges its own structures, see liar_target.py."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "liar_target.py")) as file:
        return Target(file.read(), arguments=[kind])


def until_cpu(pid, seconds):
    """Waits until the process has used so much more CPU time: on a busy host that takes long."""
    def used():
        with open("/proc/%d/schedstat" % pid) as file:
            return int(file.read().split()[0]) / 1e9
    begin = used()
    until(lambda: used() >= begin + seconds, "CPU time of PID %d" % pid, 2 * PATIENCE)


def is_overloaded():
    return os.getloadavg()[0] > 4 * os.cpu_count()


def samples_of(samples, pid):
    return [sample for sample in samples if sample.labels.get("pid") == pid]


def count(samples):
    """Events: equal stacks of a window are one sample of pprof."""
    return sum(sample.values[0] for sample in samples)


def share_with(samples, name):
    """Part of the samples that have the function in their stack."""
    hits = count(sample for sample in samples
                 if any(frame.function == name for frame in sample.frames))
    return hits / count(samples) if samples else 0.0


def main(*tests):
    """Runs each test; exit code 1 when one fails, 77 when all were skipped."""
    failed, skipped = [], []
    for test in tests:
        begin = time.monotonic()
        try:
            test()
            result = "ok"
        except Skip as why:
            result = "SKIPPED: %s" % why
            skipped.append(test)
        except Exception:
            traceback.print_exc()
            result = "FAILED"
            failed.append(test)
        print("%s: %s (%.1f s)" % (test.__name__, result, time.monotonic() - begin), flush=True)
    sys.exit(1 if failed else 77 if len(skipped) == len(tests) else 0)
