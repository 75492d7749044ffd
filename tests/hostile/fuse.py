#!/usr/bin/env python3
"""Interpreters on a file system whose server is a stranger's program (FUSE).

With "nightly" as argument also what takes longer than a minute.
"""
import contextlib
import glob
import os
import select
import subprocess
import sys
import tempfile

from hostile import (PATIENCE, SPIN, Agent, Skip, Target, contains, count, equal, main, require_root, samples_of,
                     share_with, until, until_cpu)

DEBIANS = "/usr/bin/python3"  # all in one file


class Mount:
    """The file `python`, served."""

    def __init__(self):
        require_root()
        if not os.path.exists("/dev/fuse"):
            raise Skip("no /dev/fuse")
        if b"libpython" in subprocess.run(["ldd", DEBIANS], stdout=subprocess.PIPE).stdout:
            raise Skip(DEBIANS + " has its interpreter in a library")
        self.folder = tempfile.TemporaryDirectory(prefix="profd-fuse-")
        self.mountpoint = os.path.join(self.folder.name, "mounted")
        self.silent = os.path.join(self.folder.name, "silent")
        os.mkdir(self.mountpoint)
        self.server = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(__file__), "fuse_server.py"),
             self.mountpoint, os.path.realpath(DEBIANS), self.silent],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        said = self.said()
        if said != "ready":
            self.__exit__()
            if said.startswith("cannot mount"):
                raise Skip(said)
            raise AssertionError("the server says %r" % said)

    def said(self):
        """The server's next line."""
        if not select.select([self.server.stdout], [], [], PATIENCE)[0]:
            raise AssertionError("nothing was asked of the server")
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self.server.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
        return line.decode().strip()

    def target(self):
        return Target(SPIN, executable=os.path.join(self.mountpoint, "python"))

    def answer_only(self, pid):
        """What is not in memory is asked for from now on, and nobody else is told."""
        partial = self.silent + ".partial"
        with open(partial, "w") as file:
            file.write(str(pid))
        os.rename(partial, self.silent)
        served = os.open(os.path.join(self.mountpoint, "python"), os.O_RDONLY)
        os.posix_fadvise(served, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(served)

    def until_asked(self):
        equal(self.said(), "held")

    def answer_all(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.silent)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.answer_all()
        self.server.communicate()
        subprocess.run(["umount", "--lazy", self.mountpoint], stderr=subprocess.DEVNULL)
        self.folder.cleanup()


def an_interpreter_on_fuse_is_profiled():
    with Mount() as mount, mount.target() as target, Agent() as agent:
        until_cpu(target.pid, 1)
        equal(agent.stop(), 0)
        mine = samples_of(agent.samples(), target.pid)
        assert count(mine) > 100, count(mine)
        probed = [line for line in agent.log if mount.mountpoint in line and "probes=" in line]
        equal(probed, [], "the kernel reads a file to place a probe")
        assert share_with(mine, "honest_spin") > 0.95, share_with(mine, "honest_spin")


def state_of(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(")")[2].split()[0]


def open_files_of(pid):
    """Of all its threads: the first may have ended."""
    files = set()
    for link in glob.glob("/proc/%d/task/*/fd/*" % pid):
        with contextlib.suppress(FileNotFoundError):
            files.add(os.readlink(link))
    return files


def one_that_does_not_answer_costs_nobody_else():
    """Pitfall 44."""
    with contextlib.ExitStack() as stack:
        mount = stack.enter_context(Mount())
        silent = stack.enter_context(mount.target())
        mount.answer_only(silent.pid)
        agent = stack.enter_context(Agent())
        stack.callback(mount.answer_all)  # else it could not even be killed
        mount.until_asked()
        contains("\n".join(agent.log), "its file system does not answer")
        honest = stack.enter_context(Target(SPIN))
        until_cpu(honest.pid, 2)
        agent.process.terminate()
        # The kernel keeps who waits for the server until that answers, or ends. All else has gone.
        until(lambda: state_of(agent.pid) == "Z", "the agent ends", seconds=10)
        left = {name for name in open_files_of(agent.pid) if "bpf" in name or "perf" in name}
        equal(left, set(), "of the kernel's side is left")
        mine = samples_of(agent.samples(), honest.pid)
        assert share_with(mine, "honest_spin") > 0.95, share_with(mine, "honest_spin")
        equal(samples_of(agent.samples(), silent.pid), [], "who cannot be read has no samples")
        equal(silent.process.poll(), None, "its process runs on")
        with Agent() as second:
            until(lambda: samples_of(second.samples(), honest.pid), "the next agent samples")
            mount.answer_all()
            equal(second.stop(), 0)
        equal(agent.process.wait(PATIENCE), 0)


def one_that_answers_later_is_found():
    with contextlib.ExitStack() as stack:
        mount = stack.enter_context(Mount())
        target = stack.enter_context(mount.target())
        mount.answer_only(target.pid)
        agent = stack.enter_context(Agent())
        stack.callback(mount.answer_all)  # else it could not even be killed
        mount.until_asked()
        contains("\n".join(agent.log), "its file system does not answer")
        equal(samples_of(agent.samples(), target.pid), [])
        mount.answer_all()
        until(lambda: samples_of(agent.samples(), target.pid), "it is found", seconds=150)
        until_cpu(target.pid, 1)
        equal(agent.stop(), 0)
        mine = samples_of(agent.samples(), target.pid)
        assert share_with(mine, "honest_spin") > 0.95, share_with(mine, "honest_spin")


def in_mounts_of_our_own():
    """So that nothing is left on the host, however this ends."""
    if "own-mounts" not in sys.argv and os.geteuid() == 0:
        own = subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL)
        if own.returncode == 0:
            os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv, "own-mounts"])


in_mounts_of_our_own()
TESTS = [an_interpreter_on_fuse_is_profiled, one_that_does_not_answer_costs_nobody_else]
main(*([one_that_answers_later_is_found] if "nightly" in sys.argv else TESTS))
