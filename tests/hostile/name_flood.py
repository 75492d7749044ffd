#!/usr/bin/env python3
"""A process whose every stack is of functions that nobody has seen, with long names."""
import time

from hostile import Agent, Target, count, equal, main, pprof_reader, require_root, samples_of

INTERVAL = 6  # seconds
BOUND_MIB = 256  # of the whole agent; deploy/ allows it twice as much
FLOOD = r"""
import random, sys, time, types
sys.setrecursionlimit(5000)
def base(depth, functions):
    if depth:
        return functions[depth - 1](depth - 1, functions)
    end = time.perf_counter() + 0.005
    while time.perf_counter() < end:
        pass
base.__code__.replace  # 3.8 and later
print("ready")
number = 0
padding = "\u00e9" * 1000
while True:
    functions = []
    for _ in range(900):
        number += 1
        name = "flood_%d_%s" % (number, padding)
        names = dict(co_name=name, co_filename=name)
        if sys.version_info >= (3, 11):
            names["co_qualname"] = name
        functions.append(types.FunctionType(base.__code__.replace(**names), globals()))
    functions[-1](899, functions)
"""
# New functions all the time: those that were seen before the flood came would keep their names.
VICTIM = r"""
import time
print("ready")
number = 0
while True:
    number += 1
    namespace = {}
    exec("def victim_%d(until):\n    while perf_counter() < until: pass" % number,
         {"perf_counter": time.perf_counter}, namespace)
    namespace["victim_%d" % number](time.perf_counter() + 0.05)
"""


def memory_mib(pid, field):
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field + ":"))


def has(samples, name):
    return count(sample for sample in samples
                 if any(frame.function.startswith(name) for frame in sample.frames))


def others_keep_their_names_and_the_agent_stays_small():
    require_root()
    with Agent(interval="%ds" % INTERVAL, rate="999") as agent, Target(VICTIM) as victim:
        with Target(FLOOD) as flood:
            for _ in range(3):
                agent.until_logged(" file=")
            highest = memory_mib(agent.pid, "VmHWM")
            assert highest < BOUND_MIB, highest
            collapsed = agent.status()["imperfect"]["profile_full"]
        # The window in which the flood ended, and one without it.
        for _ in range(2):
            agent.until_logged(" file=")
        time.sleep(1)
        kept = memory_mib(agent.pid, "VmRSS")
        assert kept < 80, (kept, highest)
        equal(agent.stop(), 0)
        windows = [pprof_reader.read(path).samples for path in agent.files()]
        for samples in windows:
            of_victim = samples_of(samples, victim.pid)
            if count(of_victim) > 50:
                assert has(of_victim, "[unnamed function]") < 0.1 * count(of_victim), agent.log
            equal(has(of_victim, "[profile full]"), 0, "samples of the victim without names")
        of_victim = [sample for samples in windows for sample in samples_of(samples, victim.pid)]
        assert has(of_victim, "victim_") > 0.8 * count(of_victim), agent.log
        of_flood = [sample for samples in windows for sample in samples_of(samples, flood.pid)]
        assert has(of_flood, "[profile full]") > 0, collapsed


main(others_keep_their_names_and_the_agent_stays_small)
