"""profd and its peers: started, asked, and ended by the bench."""
import glob
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

BPF_PROG_TYPE_PERF_EVENT = 7
START_SECONDS = 30


def patient_stop(process):
    """Ends a program that we started the way a user does."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Profd:
    """An agent with a folder and a socket of its own; as a context it ends with it."""

    binary = None  # set by bench.py

    def __init__(self, rate=99, interval="5s", pids=None):
        self._folder = tempfile.TemporaryDirectory(prefix="profd-bench-")
        self.profiles = os.path.join(self._folder.name, "profiles")
        self._socket = os.path.join(self._folder.name, "profd.sock")
        self._log = open(os.path.join(self._folder.name, "log"), "w+b")
        whom = ["--pid", ",".join(map(str, pids))] if pids else ["--all-python"]
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [str(self.binary), *whom, "--rate", "%dhz" % rate, "--interval", interval,
             "--output", self.profiles, "--socket", self._socket],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log)
        while not self._sampling():
            if self.process.poll() is not None or time.monotonic() - begin > START_SECONDS:
                self.stop()
                raise RuntimeError("profd did not start:\n" + self._read_log())
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - begin

    @property
    def pid(self):
        return self.process.pid

    def _read_log(self):
        return os.pread(self._log.fileno(), 1 << 20, 0).decode()

    def _sampling(self):
        """Its first status comes when its samplers are attached."""
        try:
            return bool(self.status())
        except (OSError, ValueError):
            return False

    def status(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self._socket)
            text = b""
            while chunk := peer.recv(65536):
                text += chunk
        return json.loads(text)

    def fresh_status(self):
        """Waits for the next publication, so that other clocks can be read at the same moment."""
        before = self.status()["uptime_seconds"]
        while True:
            status = self.status()
            if status["uptime_seconds"] != before:
                return status
            time.sleep(0.01)

    def sampler_runs(self):
        """(nanoseconds, runs) of the sampler's BPF program so far; needs KernelStatistics."""
        for path in glob.glob("/proc/%d/fdinfo/*" % self.pid):
            try:
                info = dict(re.findall(r"^(\w+):\s*(\S+)", pathlib.Path(path).read_text(), re.M))
            except OSError:
                continue
            if info.get("prog_type") == str(BPF_PROG_TYPE_PERF_EVENT) and int(info["run_cnt"]):
                return int(info["run_time_ns"]), int(info["run_cnt"])
        return 0, 0

    def files(self):
        return sorted(glob.glob(self.profiles + "/**/*.gz", recursive=True))

    def stop(self):
        patient_stop(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._log.close()
        self._folder.cleanup()


class PySpy:
    """py-spy records one process; its samples are counted in what it wrote."""

    binary = None

    @classmethod
    def install(cls, folder):
        binary = folder / "py-spy" / "bin" / "py-spy"
        if not binary.exists():
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target",
                            str(folder / "py-spy"), "py-spy"],
                           check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.binary = binary if binary.exists() else None

    @classmethod
    def version(cls):
        return subprocess.run([str(cls.binary), "--version"], stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def __init__(self, pid, rate=99):
        self._folder = tempfile.TemporaryDirectory(prefix="profd-bench-")
        self._output = os.path.join(self._folder.name, "raw")
        self.process = subprocess.Popen(
            [str(self.binary), "record", "--pid", str(pid), "--rate", str(rate), "--duration",
             "unlimited", "--format", "raw", "--output", self._output],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._begin = time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    def samples_per_second(self):
        """Ends it."""
        seconds = time.monotonic() - self._begin
        patient_stop(self.process)
        with open(self._output) as file:
            return sum(int(line.rsplit(" ", 1)[1]) for line in file) / seconds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        patient_stop(self.process)
        self._folder.cleanup()


class KernelStatistics:
    """Makes the kernel time BPF programs while it is open."""

    _SYS_BPF = {"x86_64": 321, "aarch64": 280}
    _BPF_ENABLE_STATS = 32

    def __enter__(self):
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        attributes = ctypes.create_string_buffer(128)  # type 0: BPF_STATS_RUN_TIME
        self._fd = libc.syscall(self._SYS_BPF[os.uname().machine], self._BPF_ENABLE_STATS,
                                attributes, len(attributes))
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "BPF_ENABLE_STATS (Linux 5.8)")
        return self

    def __exit__(self, *_):
        os.close(self._fd)
