"""Time in the kernel's programs, as the kernel itself counts it."""
import contextlib
import os
import signal
import statistics
import time

import agents
import measure
from measure import Row
from targets import Target

DEPTHS = (10, 50, 128, 256, 1000)
RATE = 999


def deltas(profd, seconds):
    """[nanoseconds, runs, samples] of the sampler over about `seconds`."""
    def read():
        samples = profd.fresh_status()["events"]["samples"]
        return (*profd.sampler_runs(), samples)
    before = read()
    time.sleep(seconds - 0.5)
    return [b - a for a, b in zip(before, read())]


def elsewhere_cost(profd, targets):
    """Nanoseconds of a firing that falls into no target."""
    for target in targets:
        os.kill(target.pid, signal.SIGSTOP)
    nanoseconds, runs, _ = deltas(profd, 1)
    for target in targets:
        os.kill(target.pid, signal.SIGCONT)
    return nanoseconds / max(runs, 1)


def sample_cost(profd, elsewhere, seconds):
    nanoseconds, runs, samples = deltas(profd, seconds)
    return (nanoseconds - (runs - samples) * elsewhere) / max(samples, 1)


def in_kernel(settings):
    """Programs on all CPUs, so that little of what fires is elsewhere; that rest is subtracted."""
    rows = []
    with agents.KernelStatistics():
        for version, python in sorted(settings.kernel_pythons.items()):
            medians = {}
            group = "in the kernel, CPython %d.%d, %d Hz" % (*version, RATE)
            base, slope = 1000, 15 if version >= (3, 11) else 50
            for depth in DEPTHS:
                values = []
                with contextlib.ExitStack() as stack:
                    targets = [stack.enter_context(Target("stack.py", depth, python=python))
                               for _ in os.sched_getaffinity(0)]
                    profd = stack.enter_context(
                        agents.Profd(rate=RATE, interval="60s", pids=[t.pid for t in targets]))
                    time.sleep(1)
                    elsewhere = elsewhere_cost(profd, targets)
                    for _ in range(settings.rounds):
                        values.append(sample_cost(profd, elsewhere, settings.kernel_window))
                medians[depth] = statistics.median(values)
                rows.append(measure.judged(Row(group, "depth %d" % depth, "ns a sample", values),
                                           at_most=base + slope * depth))
            fit = statistics.linear_regression(list(medians), list(medians.values()))
            rows[-1].note = "fit: %.0f ns + %.1f ns a frame" % (fit.intercept, fit.slope)
    return rows
