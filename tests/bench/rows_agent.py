"""What the agent itself takes: CPU, memory, time to start; and how these grow with the host."""
import contextlib
import os
import time

import agents
import measure
from measure import Row
from targets import Target

WARM_SECONDS = 2.5


def own_cpu(profd, seconds):
    """(CPU seconds, samples) of the agent over at least `seconds`."""
    def read():
        status = profd.fresh_status()
        return measure.cpu_seconds(profd.pid), status["events"]["samples"]
    before = read()
    time.sleep(seconds - 0.5)
    cpu, samples = (b - a for a, b in zip(before, read()))
    return cpu, samples


def busy_targets(stack, settings, program="varied.py", count=None):
    count = count or len(os.sched_getaffinity(0))
    return [stack.enter_context(Target(program, python=settings.python)) for _ in range(count)]


def cpu_per_sample(settings):
    """Files are written in the time measured, one every five seconds."""
    rows = []
    rates = (99, 999)
    cost = {rate: [] for rate in rates}
    peer = {rate: [] for rate in rates}
    with contextlib.ExitStack() as stack:
        targets = busy_targets(stack, settings)
        for _ in range(settings.rounds):
            for rate in rates:
                with agents.Profd(rate=rate, interval="5s") as profd:
                    time.sleep(WARM_SECONDS)
                    cpu, samples = own_cpu(profd, max(settings.window * 2, 5))
                    cost[rate].append(cpu / samples * 1e6)
                if agents.PySpy.binary:
                    with agents.PySpy(targets[0].pid, rate) as peer_run:
                        time.sleep(1.5)
                        begin, cpu = time.monotonic(), measure.cpu_seconds(peer_run.pid)
                        time.sleep(settings.window)
                        cpu = measure.cpu_seconds(peer_run.pid) - cpu
                        seconds = time.monotonic() - begin
                        peer[rate].append(
                            cpu / (peer_run.samples_per_second() * seconds) * 1e6)
    group = "agent's own CPU per sample, steady, stacks about 30 deep"
    for rate in rates:
        rows.append(measure.judged(Row(group, "profd, %d Hz" % rate, "µs", cost[rate]), at_most=5))
        if peer[rate]:
            rows.append(Row(group, "py-spy, %d Hz" % rate, "µs", peer[rate]))
            ratios = [theirs / ours for ours, theirs in zip(cost[rate], peer[rate])]
            rows.append(measure.judged(Row(group, "py-spy ÷ profd, %d Hz" % rate, "times", ratios),
                                       at_least=20))
    return rows


def memory(settings):
    rows = []
    goals = {10: 40, 100: 60, 1000: 150}
    for count in (10, 100, 1000) if settings.full else (10, 100):
        values, others = [], measure.python_processes()
        with contextlib.ExitStack() as stack:
            busy_targets(stack, settings)
            stack.enter_context(Target("idle.py", count - 2, python=settings.python))
            for _ in range(settings.rounds):
                with agents.Profd(rate=99, interval="5s") as profd:
                    time.sleep(7)  # one file written
                    values.append(measure.rss_mib(profd.pid))
        rows.append(measure.judged(
            Row("memory: RSS of the agent, after its first file", "%d Python processes" % count,
                "MiB", values, note="%d more of others on this host" % others if others else ""),
            at_most=goals[count]))
    return rows


def growth(settings):
    """The same samples, more processes that hardly run."""
    few, many = 10, 1000 if settings.full else 300
    cost = {few: [], many: []}
    with contextlib.ExitStack() as stack:
        busy_targets(stack, settings)
        for _ in range(settings.rounds):
            for count in (few, many):
                with Target("idle.py", count, python=settings.python):
                    with agents.Profd(rate=99, interval="5s") as profd:
                        time.sleep(WARM_SECONDS)
                        cpu, samples = own_cpu(profd, max(settings.window, 5))
                        cost[count].append(cpu / samples * 1e6)
    ratios = [b / a for a, b in zip(cost[few], cost[many])]
    group = "growth: agent's CPU with many processes, two busy"
    return [Row(group, "per sample, %d idle" % few, "µs", cost[few]),
            Row(group, "per sample, %d idle" % many, "µs", cost[many]),
            measure.judged(Row(group, "%d ÷ %d idle" % (many, few), "ratio", ratios),
                           at_most=1.1)]


def start(settings):
    values = []
    with contextlib.ExitStack() as stack:
        busy_targets(stack, settings)
        stack.enter_context(Target("idle.py", 198, python=settings.python))
        for _ in range(settings.rounds):
            with agents.Profd(rate=99) as profd:
                values.append(profd.start_seconds)
    return [measure.judged(Row("start: command to samplers attached", "200 Python processes", "s",
                               values), at_most=1)]
