"""Holds pprof_reader against `go tool pprof -raw` on a profile of the agent's own.

Run by CTest as e2e.reader; needs root and Go. Environment: PROFD, the agent.
"""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

import harness
import interpreters
import pprof_reader
from interpreters import Skip


def raw_samples(text):
    """{(values, labels, stack of (function, line)): how often} of `go tool pprof -raw`."""
    body, locations = text.partition("\nLocations\n")[::2]
    locations = locations.partition("\nMappings\n")[0]
    frames = {}
    for line in locations.splitlines():
        # "  id: 0xaddress M=mapping function file:line:column s=start"
        match = re.match(r"\s*(\d+): 0x[0-9a-f]+ (?:M=\d+ )?(.*?) (<frozen \S*|\S*):(\d+):\d+ s=", line)
        if match:
            frames[match[1]] = (match[2], int(match[4]))
    found = collections.Counter()
    for line in body.splitlines():
        match = re.match(r"\s*(\d+)\s+(\d+): ([\d ]+)$", line)
        if match:
            stack = tuple(frames[key] for key in match[3].split())
            found[(int(match[1]), int(match[2])), stack] += 1
    return found


def our_samples(profile):
    found = collections.Counter()
    for sample in profile.samples:
        found[sample.values, tuple((f.function, f.line) for f in sample.frames)] += 1
    return found


def require_go_tool_pprof():
    """Newer Go builds the tool when it is first asked for: that needs a compiler and a cache."""
    if not shutil.which("go"):
        raise Skip("no go on the PATH")
    asked = subprocess.run(["go", "tool", "pprof", "-help"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, encoding="utf-8")
    if asked.returncode != 0 and "usage:" not in asked.stdout:
        raise Skip("go tool pprof does not run here: " + asked.stdout[:200])


def main():
    try:
        harness.require_bpf()
        require_go_tool_pprof()
        workload = harness.Workload(interpreters.find("system"), "shapes.py")
    except Skip as reason:
        print("SKIPPED ", reason)
        return harness.SKIPPED
    agent = None
    try:
        workload.wait_ready()
        agent = harness.Agent(997)
        harness.run_until_cpu([(workload, 0.3, True)], 30)
        profile = agent.stop()
        path, = glob.glob(os.path.join(agent.output, "**", "*.pb.gz"), recursive=True)
        raw = subprocess.run(["go", "tool", "pprof", "-raw", path], stdout=subprocess.PIPE,
                             encoding="utf-8", check=True).stdout
    finally:
        workload.kill()
        if agent:
            agent.kill()
    ours, theirs = our_samples(profile), raw_samples(raw)
    if not ours or ours != theirs:
        print("FAILED   only ours: %s\nonly go's: %s" % (list((ours - theirs).items())[:3],
                                                       list((theirs - ours).items())[:3]))
        return 1
    print("ok       %d samples are the same in go tool pprof" % len(ours))
    return 0


if __name__ == "__main__":
    sys.exit(main())
