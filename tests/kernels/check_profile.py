#!/usr/bin/env python3
"""Holds profd's pprof files against what a workload says of itself.

usage: check_profile.py DIRECTORY PID CHECK FILE      (FILE: what the workload printed)

  shares    CPU time by leaf function is the answer's "shares"
  lines     CPU time by leaf line is the answer's "shares" at the facts' "lines"
  frames    every stack that shows `bottom` has the facts' "frames", or LIMIT frames and a marker,
            with LIMIT from the environment's PROFD_FRAME_LIMIT
  births    every function `born_<number>` that the workload names is there, in its own process

Needs no package: it may run in a guest that has only an interpreter.
"""
import collections
import json
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import pprof_reader  # noqa: E402


def read_all(directory):
    for folder, _, names in sorted(os.walk(directory)):
        for name in sorted(names):
            if name.endswith(".pb.gz"):
                yield from pprof_reader.read(os.path.join(folder, name)).samples


def python_frames(sample):
    return [frame for frame in sample.frames if frame.mapping == "python"]


def compare(found, expected):
    """Shares within 4 standard errors, and half a percent for what the workload's clock costs. An
    emulated machine spends up to a tenth of the time on the lines that read the clock."""
    total = sum(found.values())
    faults = []
    if total < 100:
        faults.append("only %d samples" % total)
        return faults
    strange = total - sum(found.get(key, 0) for key in expected)
    if strange > 0.1 * total + 3:
        rest = {key: n for key, n in found.items() if key not in expected}
        faults.append("%d of %d samples are elsewhere: %s" % (strange, total, rest))
    for key, share in expected.items():
        margin = 4 * math.sqrt(share * (1 - share) / total) + 0.005
        if abs(found.get(key, 0) / total - share) > margin:
            faults.append("%s: %.4f instead of %.4f +- %.4f (%d samples)" %
                          (key, found.get(key, 0) / total, share, margin, total))
    return faults


def check_shares(samples, lines):
    found = collections.Counter()
    for sample in samples:
        frames = python_frames(sample)
        found[frames[0].function if frames else "(no Python frame)"] += sample.values[0]
    return compare(found, lines[-1]["shares"])


def check_lines(samples, lines):
    expected = {(function, os.path.basename(path), line): lines[-1]["shares"][label]
                for label, (function, path, line) in lines[0]["lines"].items()}
    found = collections.Counter()
    for sample in samples:
        frames = python_frames(sample)
        if frames:
            leaf = frames[0]
            found[(leaf.function, os.path.basename(leaf.file), leaf.line)] += sample.values[0]
        else:
            found["(no Python frame)"] += sample.values[0]
    return compare(found, expected)


def check_frames(samples, lines):
    limit = int(os.environ.get("PROFD_FRAME_LIMIT", "1024"))
    whole = lines[0]["frames"]
    found = collections.Counter()
    for sample in samples:
        frames = python_frames(sample)
        if any(frame.function == "bottom" for frame in frames[:2]):
            # The leaf may be a method that `bottom` calls; the depth counts from `bottom`.
            below = next(i for i, frame in enumerate(frames) if frame.function == "bottom")
            found[len(frames) - below] += sample.values[0]
    total = sum(found.values())
    if total < 50:
        return ["only %d samples in bottom" % total]
    # A cut stack holds `limit` frames, its leaf included.
    good = found[whole] if whole <= limit else found[limit] + found[limit - 1]
    # 3.11 and 3.12 are caught half-way into a call now and then: that one frame is left out.
    if good < 0.99 * total:
        return ["%d frames expected (limit %d), found {frames: samples} %s" %
                (whole, limit, dict(found))]
    return []


def check_births(samples, lines):
    seen = collections.defaultdict(set)
    for sample in samples:
        for frame in python_frames(sample):
            seen[sample.labels.get("pid")].add(frame.function)
    born = [line for line in lines if "function" in line]
    unseen = [line["function"] for line in born if line["function"] not in seen[line["pid"]]]
    foreign = [(line["pid"], name) for line in born for name in seen[line["pid"]]
               if name.startswith("born_") and name != line["function"]]
    faults = []
    if not born:
        faults.append("the workload named no process")
    if unseen:
        faults.append("%d of %d processes without their function: %s" % (len(unseen), len(born), unseen))
    if foreign:
        faults.append("another process's function: %s" % foreign)
    return faults


def main():
    directory, pid, check, path = sys.argv[1:5]
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.startswith("{")]
    samples = list(read_all(directory))
    if check != "births":
        samples = [sample for sample in samples if sample.labels.get("pid") == int(pid)]
    faults = {"shares": check_shares, "lines": check_lines, "frames": check_frames,
              "births": check_births}[check](samples, lines)
    print("%s: %s (%d samples)" % (check, "; ".join(faults) or "as expected",
                                  sum(sample.values[0] for sample in samples)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
