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


def throughput(targets, seconds):
    """Units of work a second, and a CPU second, of all targets together."""
    def read():
        return (time.monotonic(), sum(measure.cpu_seconds(t.pid) for t in targets),
                sum(t.work() for t in targets))
    time.sleep(SETTLE_SECONDS)
    before = read()
    time.sleep(seconds)
    wall, cpu, work = (b - a for a, b in zip(before, read()))
    return work / wall, work / cpu


@contextlib.contextmanager
def profiled_by(arm, targets, rate):
    """The arms: off, profd, py-spy (one recorder for each target, as it records one process)."""
    with contextlib.ExitStack() as stack:
        if arm == "profd":
            stack.enter_context(agents.Profd(rate=rate, interval="60s"))
        if arm == "py-spy":
            for target in targets:
                stack.enter_context(agents.PySpy(target.pid, rate))
            time.sleep(0.5)
        yield


def cost_to_target(settings):
    """A program on every CPU, so that the agent's own work is paid for as well."""
    arms = ["off", "profd"] + (["py-spy"] if agents.PySpy.binary else [])
    cpus = len(os.sched_getaffinity(0))
    rows = []
    for program in PROGRAMS:
        ratios = {(arm, kind): [] for arm in arms[1:] for kind in ("wall", "cpu")}
        with contextlib.ExitStack() as stack:
            targets = [stack.enter_context(Target(program + ".py", python=settings.python))
                       for _ in range(cpus)]
            for _ in range(settings.rounds):
                seen = {}
                for arm in arms:
                    with profiled_by(arm, targets, 99):
                        seen[arm] = throughput(targets, settings.window)
                for arm in arms[1:]:
                    for i, kind in enumerate(("wall", "cpu")):
                        ratios[arm, kind].append(seen[arm][i] / seen["off"][i])
        for arm in arms[1:]:
            wall = Row("cost to the target: throughput on ÷ off, 99 Hz, every CPU busy",
                       "%s, %s" % (program, arm), "ratio", ratios[arm, "wall"])
            if arm == "profd":
                measure.judged(wall, at_least=0.995)
            rows.append(wall)
            if arm == "profd":  # py-spy stops its target, which no CPU clock shows
                rows.append(Row(wall.group, "%s, %s, work per CPU second" % (program, arm),
                                "ratio", ratios[arm, "cpu"]))
    return rows
