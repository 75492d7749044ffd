"""What comes out: births caught, and what files cost."""
import collections
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import agents
import measure
from measure import Row
from targets import Target

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import pprof_reader

COUNT = 200


def cpu_seconds_by_pid(path):
    """Attributed CPU time of each process in one file."""
    seconds = collections.Counter()
    for sample in pprof_reader.read(path).samples:
        seconds[sample.labels["pid"]] += sample.values[1] / 1e9
    return seconds


def births(settings):
    """CPU attributed in processes of 100 ms ÷ what wait4 says they used, interpreter start and
    all."""
    values, kept = [], []
    for _ in range(settings.rounds):
        with agents.Profd(rate=99, interval="60s") as profd:
            done = subprocess.run(
                [settings.python, str(HERE.parent / "workloads" / "births.py"), "0", str(COUNT)],
                stdout=subprocess.PIPE, text=True)
            profd.stop()
            cpu = {}
            for line in done.stdout.splitlines():
                if line.startswith("{") and "function" in (answer := json.loads(line)):
                    cpu[answer["pid"]] = answer["cpu"]
            attributed = collections.Counter()
            for path in profd.files():
                attributed += cpu_seconds_by_pid(path)
        if not cpu:
            raise RuntimeError("births.py did nothing")
        found = {pid: attributed[pid] for pid in cpu if pid in attributed}
        values.append(sum(found.values()) / sum(cpu.values()))
        kept.append(len(found) / len(cpu))
    group = "births and deaths: %d processes of 100 ms" % COUNT
    return [measure.judged(Row(group, "CPU attributed ÷ rusage", "ratio", values), at_least=0.95),
            Row(group, "processes with a sample ÷ all", "ratio", kept)]


def files(settings):
    """Real ones, of programs whose stacks change; then 10,000 stacks by the micro-benchmark."""
    per_stack, rows = [], []
    group = "files"
    with contextlib.ExitStack() as stack:
        for _ in os.sched_getaffinity(0):
            stack.enter_context(Target("varied.py", python=settings.python))
        with agents.Profd(rate=999, interval="3s") as profd:
            time.sleep(3 * settings.rounds + 1)
            profd.stop()
            for path in profd.files()[:settings.rounds]:
                stacks = {sample.frames for sample in pprof_reader.read(path).samples}
                per_stack.append(os.path.getsize(path) / len(stacks))
    rows.append(measure.judged(Row(group, "bytes per distinct stack, 30 deep, as written", "B",
                                   per_stack), at_most=30))
    micro = agents.Profd.binary.parent / "pprof_bench"
    if not micro.exists():
        return rows
    done = subprocess.run(
        [str(micro), "--benchmark_filter=BM_Encode/stacks:10000/level:(1|4|6)$",
         "--benchmark_format=json", "--benchmark_repetitions=%d" % settings.rounds,
         "--benchmark_min_time=0.1"], stdout=subprocess.PIPE, check=True)
    found = collections.defaultdict(list)
    for run in json.loads(done.stdout)["benchmarks"]:
        if run["run_type"] == "iteration":
            found[run["run_name"].rsplit(":", 1)[1]].append(
                (run["cpu_time"], run["bytes_per_stack"]))
    for level, runs in found.items():
        rows.append(measure.judged(
            Row(group, "encoding 10,000 stacks, gzip level %s" % level, "ms",
                [ms for ms, _ in runs], note="%.1f B a stack" % runs[0][1]), at_most=20))
    return rows
