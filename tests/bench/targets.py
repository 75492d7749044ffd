"""The programs that are profiled: started, counted, and ended by the bench."""
import glob
import mmap
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path(__file__).parent / "programs"


def interpreters():
    """{(major, minor): executable} of the CPythons at hand; the first of a version wins."""
    named = os.environ.get("PROFD_TEST_PYTHONS")
    if named:
        paths = named.split(":")
    else:
        root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        paths = glob.glob(root + "/versions/3.*/bin/python3") + glob.glob("/usr/bin/python3.*")
    found = {}
    for path in paths:
        if not re.search(r"python3(\.\d+)?$", path) or not os.access(path, os.X_OK):
            continue
        done = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            found.setdefault(tuple(map(int, done.stdout.split())), path)
    return found


class Target:
    """A running program; as a context it ends with it. `work()`: units done so far."""

    def __init__(self, program, *arguments, python=sys.executable):
        self._file = tempfile.TemporaryFile()
        self._file.truncate(mmap.PAGESIZE)
        self._map = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self.process = subprocess.Popen(
            [python, str(PROGRAMS / program), str(self._file.fileno()), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=[self._file.fileno()])
        if self.process.stdout.readline() != b"READY\n":
            raise RuntimeError("%s did not start" % program)

    @property
    def pid(self):
        return self.process.pid

    def work(self):
        return struct.unpack_from("<Q", self._map)[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
