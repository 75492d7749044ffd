"""What being profiled costs a program."""
import contextlib
import os
import time

import agents
import measure
from measure import Row
from targets import Target

PROGRAMS = ("calls", "text", "numbers")
SETTLE_SECONDS = 0.5
USUAL_HZ = 99
SCALED_HZ = 4999


def throughput(targets, seconds):
    """Units of work a second, of all targets together."""
    def read():
        return time.monotonic(), sum(target.work() for target in targets)
    time.sleep(SETTLE_SECONDS)
    before = read()
    time.sleep(seconds)
    wall, work = (b - a for a, b in zip(before, read()))
    return work / wall


@contextlib.contextmanager
def profiled_by(arm, targets):
    """One recorder of py-spy's for each target, as it records one process."""
    with contextlib.ExitStack() as stack:
        if arm == "profd":
            stack.enter_context(agents.Profd(rate=SCALED_HZ, interval="60s"))
        if arm == "py-spy":
            for target in targets:
                stack.enter_context(agents.PySpy(target.pid, USUAL_HZ))
            time.sleep(0.5)
        yield


def cost_to_target(settings):
    """A program on every CPU, so that the agent's own work is paid for as well. What 99 Hz cost is
    far below what a virtual machine's speed wanders by, so that profd samples at a high rate, and
    the loss is scaled. Each arm is held against the time without it before and after."""
    arms = ["profd"] + (["py-spy"] if agents.PySpy.binary else [])
    cpus = len(os.sched_getaffinity(0))
    group = "cost to the target: throughput on ÷ off, every CPU busy"
    rows = []
    for program in PROGRAMS:
        ratios = {arm: [] for arm in arms}
        with contextlib.ExitStack() as stack:
            targets = [stack.enter_context(Target(program + ".py", python=settings.python))
                       for _ in range(cpus)]
            before = throughput(targets, settings.window)
            for _ in range(settings.rounds):
                for arm in arms:
                    with profiled_by(arm, targets):
                        on = throughput(targets, settings.window)
                    after = throughput(targets, settings.window)
                    ratios[arm].append(2 * on / (before + after))
                    before = after
        rows.append(Row(group, "%s, profd, %d Hz" % (program, SCALED_HZ), "ratio", ratios["profd"]))
        scaled = [1 - (1 - ratio) * USUAL_HZ / SCALED_HZ for ratio in ratios["profd"]]
        rows.append(measure.judged(Row(group, "%s, profd, %d Hz, scaled" % (program, USUAL_HZ),
                                       "ratio", scaled), at_least=0.995))
        if "py-spy" in ratios:
            rows.append(Row(group, "%s, py-spy, %d Hz" % (program, USUAL_HZ), "ratio",
                            ratios["py-spy"]))
    return rows
