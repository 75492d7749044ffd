"""Ways to have children: `fork_modes.py SECONDS MODE`, MODE one of

  fork         os.fork, two at a time, each burns 50 ms in `forked`
  prefork      four os.fork children that all burn in `served` until the end
  mp-fork, mp-spawn, mp-forkserver   multiprocessing: two children at a time, 50 ms in `computed`
  storm        subprocess.Popen (vfork or posix_spawn) of /bin/true without end, from `storm`,
               which burns CPU between them: the parent must keep its name

Answer: {"cpu": seconds in the named function, "function", "children"}.
"""
import multiprocessing
import os
import signal
import subprocess
import time

import common

SLICE = 0.05


def burn(cpu_seconds):
    # Inlined by none: the frame above it is the one that counts.
    end = time.process_time() + cpu_seconds
    x = 0
    while time.process_time() < end:
        for i in range(2000):
            x = (x * 31 + i) % 1000003


def forked():
    burn(SLICE)


def computed():
    burn(SLICE)


def served(run):
    while run:
        burn(SLICE)


def wait_one():
    _, _, usage = os.wait4(-1, 0)
    return usage.ru_utime + usage.ru_stime


def mode_fork(run):
    living, children, cpu = 0, 0, 0.0
    while run or living:
        if run and living < 2:
            if os.fork() == 0:
                forked()
                os._exit(0)
            living += 1
            children += 1
        else:
            cpu += wait_one()
            living -= 1
    common.report(function="forked", children=children, cpu=cpu)


def mode_prefork(run):
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            served(run)
            os._exit(0)
        pids.append(pid)
    while run:
        signal.sigtimedwait([], 0.2)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    common.report(function="served", children=4, cpu=sum(wait_one() for _ in pids))


def mode_multiprocessing(method):
    def mode(run):
        context = multiprocessing.get_context(method)
        children = 0
        while run:
            pair = [context.Process(target=computed) for _ in range(2)]
            for child in pair:
                child.start()
            for child in pair:
                child.join()
            children += len(pair)
        common.report(function="computed", children=children, cpu=children * SLICE)

    return mode


def storm(run):
    children, cpu = 0, 0.0
    while run:
        subprocess.Popen(["/bin/true"], close_fds=False).wait()
        children += 1
        begin = common.clock()
        burn(0.002)
        cpu += common.clock() - begin
    common.report(function="storm", children=children, cpu=cpu)


MODES = {
    "fork": mode_fork,
    "prefork": mode_prefork,
    "mp-fork": mode_multiprocessing("fork"),
    "mp-spawn": mode_multiprocessing("spawn"),
    "mp-forkserver": mode_multiprocessing("forkserver"),
    "storm": storm,
}

if __name__ == "__main__":
    until = common.Run()
    chosen = MODES[common.argument(0, "fork")]
    common.ready()
    chosen(until)
