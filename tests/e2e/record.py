"""Samples every workload under one interpreter in one run of the agent, and keeps the result for
check.py: samples are told apart by their PID.

usage: record.py INTERPRETER FILE       (environment: PROFD, the agent)
"""
import collections
import contextlib
import glob
import os
import pickle
import secrets
import subprocess
import sys
import traceback

import harness
import interpreters
from interpreters import Skip

RATE_HZ = 1999  # a prime: the workloads' own rhythms are whole milliseconds
LIMIT_SECONDS = 100
MOST_LOST = 0.001

# One program under the agent. `cpu`: how many CPU seconds of it are wanted. `early`: started before
# the agent and ended after it, so that neither start nor end of the interpreter is in the profile.
Plan = collections.namedtuple("Plan", "key program arguments cpu early options environment minimum")


def plan(key, program, *arguments, cpu, early=False, options=(), environment=None, minimum=(3, 6)):
    return Plan(key, program, arguments, cpu, early, options, environment or {}, minimum)


PLANS = [
    plan("shares", "shares.py", 1, cpu=1.0, early=True),
    plan("lines", "lines.py", 1, cpu=1.0, early=True),
    plan("shapes", "shapes.py", cpu=1.5, early=True),
    plan("threads", "threads.py", 6, cpu=2.0, early=True),
    plan("waiting", "waiting.py", cpu=0.0, early=True),
    plan("deep-30", "deep.py", 30, cpu=0.2, early=True),
    plan("deep-300", "deep.py", 300, cpu=0.2, early=True),
    plan("deep-1000", "deep.py", 1000, cpu=0.2),
    plan("deep-1500", "deep.py", 1500, cpu=0.2),
    plan("kernel", "kernel.py", cpu=0.8),
    plan("callbacks", "callbacks.py", cpu=1.0),
    plan("reentries", "callbacks.py", 300, cpu=0.3),
    plan("odd-names", "odd_names.py", cpu=0.8),
    plan("unicode", "unicode_names.py", cpu=1.0),
    plan("reuse", "reuse.py", cpu=1.0),
    plan("reuse-renamed", "reuse.py", "renamed", cpu=1.0, minimum=(3, 8)),
    plan("interpreters", "interpreters.py", cpu=0.5, minimum=(3, 8)),
    plan("tasks", "tasks.py", cpu=1.2),
    plan("thread-names", "thread_names.py", cpu=2.6, early=True),
    plan("greenlets", "greenlets.py", cpu=0.6),
    plan("perf-trampoline", "shares.py", cpu=0.4, options=("-X", "perf"), minimum=(3, 12)),
    plan("jit", "shares.py", 1, cpu=1.0, environment={"PYTHON_JIT": "1"}, minimum=(3, 14)),
]


class Container:
    """A cgroup named as Docker names a container's."""

    def __init__(self):
        self.id = secrets.token_hex(32)
        self.folder, self.reason = None, "no cgroup v2 mounted where it can be written"
        for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
            if os.path.exists(os.path.join(root, "cgroup.procs")):
                folder = os.path.join(root, "docker-%s.scope" % self.id)
                try:
                    os.mkdir(folder)
                    self.folder = folder
                except OSError as error:
                    self.reason = "%s: %s" % (folder, error.strerror)
                return

    def wrapper(self):
        enter = 'echo $$ >"$0" && exec "$@"'
        return ["/bin/sh", "-c", enter, os.path.join(self.folder, "cgroup.procs")]

    def remove(self):
        if self.folder:
            with contextlib.suppress(OSError):
                os.rmdir(self.folder)


def packages(interpreter):
    """The environment in which `import greenlet` works, if PROFD_TEST_PACKAGES names a folder to
    install packages into. Without a package the workload says that it skips."""
    base = os.environ.get("PROFD_TEST_PACKAGES")
    if not base or interpreter.has_own_root:
        return {}
    folder = os.path.join(base, "%s-%s" % (interpreter.name, interpreter.version_text))
    if not glob.glob(os.path.join(folder, "greenlet")):
        interpreter.run(["-m", "pip", "install", "-q", "--only-binary", ":all:", "--target", folder,
                         "greenlet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"PYTHONPATH": folder}


def start(one, interpreter, container):
    if interpreter.version < one.minimum:
        raise Skip("needs Python %d.%d" % one.minimum)
    if one.key == "jit" and not interpreter.jit:
        raise Skip("%s is built without a JIT" % interpreter.name)
    environment = dict(one.environment)
    if one.key == "greenlets":
        environment.update(packages(interpreter))
    wrapper = container.wrapper() if one.key == "lines" and container.folder else ()
    return harness.Workload(interpreter, one.program, one.arguments, one.options, environment,
                            wrapper)


def start_all(plans, interpreter, container, running, skipped):
    started = []
    for one in plans:
        try:
            started.append((one, start(one, interpreter, container)))
            running[one.key] = started[-1][1]
        except Skip as reason:
            skipped[one.key] = str(reason)
    for one, workload in started:
        try:
            workload.wait_ready()
        except Skip as reason:
            skipped[one.key] = str(reason)
            del running[one.key]


def comm_of(pid):
    with open("/proc/%d/comm" % pid, encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")


def record(interpreter):
    container, running, skipped, agent = Container(), {}, {}, None
    try:
        start_all([one for one in PLANS if one.early], interpreter, container, running, skipped)
        agent = harness.Agent(RATE_HZ)
        start_all([one for one in PLANS if not one.early], interpreter, container, running, skipped)
        comms = {workload.pid: comm_of(workload.pid) for workload in running.values()}
        waiting = [(one, running[one.key]) for one in PLANS if one.key in running]
        enough = harness.run_until_cpu([(workload, one.cpu, not one.early)
                                        for one, workload in waiting], LIMIT_SECONDS)
        profile = agent.stop()
        for one, workload in waiting:
            if one.early:
                workload.stop()
    finally:
        for workload in running.values():
            workload.kill()
        if agent:
            agent.kill()
        container.remove()
    samples = collections.defaultdict(list)
    for sample in profile.samples:
        samples[sample.labels.get("pid", 0)].append(sample)
    return {
        "version": interpreter.version_text,
        "free_threaded": interpreter.free_threaded,
        "enough": enough, "log": agent.log, "comments": profile.comments, "skipped": skipped,
        "container": container.id if container.folder else None,
        "container_reason": container.reason,
        "workloads": {one.key: {"pid": workload.pid, "facts": workload.facts,
                                "answer": workload.answer, "comm": comms[workload.pid],
                                "samples": samples[workload.pid]} for one, workload in waiting},
    }


def keep(name, path):
    """Records under the interpreter of this name, into a new file; returns what is in it."""
    try:
        harness.require_bpf()
        result = record(interpreters.find(name))
    except Skip as reason:
        result = {"skip": str(reason)}
    result["interpreter"] = name
    with open(path, "wb") as file:
        pickle.dump(result, file)
    return result


def check_losses(comments):
    """Of samples that are lost a property's test sees nothing, or a wrong share."""
    lost = sum(int(line.split()[-1]) for line in comments if line.startswith("profd.lost{"))
    fired = sum(int(line.split()[-1]) for line in comments if line.startswith("profd.events_fired "))
    assert fired, comments
    assert lost <= fired * MOST_LOST, "%d of %d lost: %s" % (lost, fired, comments)


def main():
    name, path = sys.argv[1:]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for old in glob.glob(glob.escape(path) + "*"):
        os.remove(old)
    result = keep(name, path)
    if "skip" in result:
        print("SKIPPED: %s: %s" % (name, result["skip"]))
        return harness.SKIPPED
    print("\n".join(result["log"]))
    for key, reason in result["skipped"].items():
        print("not run: %s: %s" % (key, reason))
    for key, workload in result["workloads"].items():
        print("%-16s pid=%d samples=%d" %
              (key, workload["pid"], sum(s.values[0] for s in workload["samples"])))
    check_losses(result["comments"])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssertionError:
        traceback.print_exc()
        sys.exit(1)
