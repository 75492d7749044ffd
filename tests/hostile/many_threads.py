#!/usr/bin/env python3
"""A process with ten thousand threads, each of which runs now and then."""
from hostile import (Agent, Skip, Target, contains, count, equal, main, require_root, samples_of,
                     until)

THREADS = 10000
SOURCE = r"""
import sys, threading, time
go = threading.Event()
def now_and_then(number):
    go.wait()
    while True:
        time.sleep(2 + number % 997 / 300)
        sum(range(10000))
threading.stack_size(65536)
for number in range(int(sys.argv[1])):
    try:
        threading.Thread(target=now_and_then, args=(number,), daemon=True).start()
    except RuntimeError:
        print("refused after", number)
        sys.exit()
print("ready")
go.set()
time.sleep(3600)
"""


def each_is_sampled_and_the_agent_stays_small():
    require_root()
    try:
        target = Target(SOURCE, arguments=[str(THREADS)])
    except Skip as why:
        raise Skip("this host does not let a process have %d threads: %s" % (THREADS, why)) from why
    with target, Agent() as agent:
        def seen():
            return {sample.labels["tid"] for sample in samples_of(agent.samples(), target.pid)}
        until(lambda: len(seen()) > 500, "500 threads in the profiles")
        # Names, labels and stacks of threads are what could grow.
        assert agent.resident_mib() < 100, agent.resident_mib()
        equal(agent.stop(), 0)
        mine = samples_of(agent.samples(), target.pid)
        named = [sample for sample in mine
                 if any(frame.function == "now_and_then" for frame in sample.frames)]
        assert count(named) > 0.9 * count(mine), (count(named), count(mine))
        threads = {sample.labels.get("thread", "") for sample in named}
        assert sum("now_and_then" in name for name in threads) > 100, sorted(threads)[:20]
        contains(agent.log[-1], "event=stopped")


main(each_is_sampled_and_the_agent_stays_small)
