#!/usr/bin/env python3
"""Memory that never answers, and files that are not what they are called."""
import contextlib
import os
import re
import time

from hostile import (SPIN, Agent, Skip, Target, equal, is_overloaded, main, require_root,
                     samples_of, share_with, start_liar, until, until_cpu)


def a_page_that_is_never_served_costs_one_process():
    """Pitfall 44."""
    require_root()
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(Target(SPIN))
        blockers = [stack.enter_context(start_liar("blocking")) for _ in range(3)]
        agent = stack.enter_context(Agent())
        until(lambda: agent.status()["imperfect"]["processes_blocked"] == len(blockers),
              "all are counted")
        until_cpu(honest.pid, 1)
        equal(agent.status()["imperfect"]["processes_blocked"], len(blockers), "counted once each")
        begin = time.monotonic()
        equal(agent.stop(), 0)
        assert time.monotonic() - begin < 10, "slow to stop"
        mine = samples_of(agent.samples(), honest.pid)
        assert share_with(mine, "honest_spin") > 0.98, share_with(mine, "honest_spin")
        for blocker in blockers:
            theirs = samples_of(agent.samples(), blocker.pid)
            assert theirs, "its samples are kept, without a name"
        if is_overloaded():
            print("the machine is overloaded: how long windows took is not looked at")
            return
        windows = [float(found) for line in agent.log
                   for found in re.findall(r"window=([\d.]+)s", line)]
        assert max(windows) < 0.5 + 1.5 * len(blockers), windows
        late = [seconds for seconds in windows if seconds > 1.2]
        assert len(late) <= len(blockers), windows


# Runs machine code in anonymous memory, whose names only a perf map can tell.
JIT = r"""
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b940420f00" "ffc9" "75fc" "c3"))  # ecx = 1000000; do --ecx while ecx != 0
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
loop = ctypes.CFUNCTYPE(None)(address)
print("ready %x" % address)
def honest_spin():
    while True:
        loop()
honest_spin()
"""


def a_perf_map_that_is_no_file_is_not_opened():
    """Pitfall 46."""
    require_root()
    if os.uname().machine != "x86_64":
        raise Skip("the target's machine code is x86-64's")
    with Target(JIT) as fifo, Target(JIT) as link, Target(JIT) as named:
        made = ["/tmp/perf-%d.map" % target.pid for target in (fifo, link, named)]
        try:
            os.mkfifo(made[0])
            os.symlink("/dev/zero", made[1])
            with open(made[2], "w") as file:
                file.write("%s 1000 counted_down\n" % named.first_line.split()[1])
            with Agent() as agent:
                time.sleep(3)
                equal(agent.stop(), 0)
                for target in (fifo, link, named):
                    assert share_with(samples_of(agent.samples(), target.pid), "honest_spin") > 0.98
                assert share_with(samples_of(agent.samples(), named.pid), "counted_down") > 0.9
        finally:
            for path in made:
                os.unlink(path)


main(a_page_that_is_never_served_costs_one_process, a_perf_map_that_is_no_file_is_not_opened)
