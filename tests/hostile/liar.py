#!/usr/bin/env python3
"""Processes that lie in their memory harm themselves only."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

from hostile import (SPIN, Agent, Skip, Target, contains, count, equal, main, require_root,
                     run, samples_of, share_with, start_liar, until, until_cpu)

LIES = ["cycle", "wild_frame", "odd_frame", "kernel_frame", "wild_name", "kernel_name", "long_name",
        "long_file", "negative_name", "long_lines", "wild_lines"]

FAKE = r"""
#include <stdint.h>
__attribute__((section(".PyRuntime"))) struct {
  char cookie[8]; uint64_t version, free_threaded, slots[120];
} _PyRuntime = {"xdebugpy", 0x031100f0, 0, {[0 ... 119] = 0x7fffffffffffff00}};
const unsigned long Py_Version = 0x031100f0;
const char* Py_GetVersion(void) { return "3.17.0 (main)"; }
int Py_RunMain(void) { return 0; }
int Py_BytesMain(int argc, char** argv) { (void)argc; (void)argv; return 0; }
void Py_InitializeFromConfig(void) {}
void* _PyEval_EvalFrameDefault(void) { return 0; }
"""
FAKE_MAIN = r"""
#include <stdio.h>
int Py_BytesMain(int, char**);
int main(void) { Py_BytesMain(0, 0); puts("ready"); fflush(stdout); for (;;) {} }
"""


def other_interpreter():
    for path in ("/usr/bin/python3", sys.executable):
        if os.path.exists(path) and os.path.realpath(path) != os.path.realpath(sys.executable):
            return path
    return sys.executable


def forged_structures_cost_only_their_process():
    """Pitfall 45."""
    require_root()
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(Target(SPIN, executable=other_interpreter()))
        liars = [stack.enter_context(start_liar(kind)) for kind in LIES]
        agent = stack.enter_context(Agent(rate="997"))
        until_cpu(honest.pid, 0.5)
        before = agent.resident_mib()
        until_cpu(honest.pid, 1)
        grown = agent.resident_mib() - before
        assert grown < 32, "the agent grew by %.0f MiB" % grown
        equal([liar.process.poll() for liar in liars], [None] * len(liars), "the liars")
        lost = agent.status()["events"]["lost"]
        equal(agent.stop(), 0)
        samples = agent.samples()
        mine = samples_of(samples, honest.pid)
        assert count(mine) > 200 and share_with(mine, "honest_spin") > 0.98, \
            (count(mine), share_with(mine, "honest_spin"))
        equal(lost["malformed"] + lost["internal"], 0, "lost")
        for kind, liar in zip(LIES, liars):
            theirs = samples_of(samples, liar.pid)
            assert theirs, "no samples of " + kind
            if kind in ("wild_frame", "odd_frame", "kernel_frame"):
                assert share_with(theirs, "[torn]") > 0.9, kind
            if kind == "cycle":
                assert share_with(theirs, "[truncated]") + share_with(theirs, "[torn]") > 0.9
            assert all(len(sample.frames) < 1200 for sample in theirs), kind


def a_flood_of_code_objects_does_not_grow_the_agent():
    require_root()
    with start_liar("flood") as first, start_liar("flood"), Agent(rate="997") as agent:
        time.sleep(6)
        before = agent.resident_mib()
        time.sleep(10)
        after = agent.resident_mib()
        assert after < 450 and after - before < 100, (before, after)
        equal(agent.stop(), 0)
        assert samples_of(agent.samples(), first.pid)


def an_interpreter_of_the_future_is_named_once():
    """Pitfall 25."""
    require_root()
    if shutil.which("cc") is None:
        raise Skip("no C compiler")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        library = os.path.join(folder, "libpython3.17.so.1.0")
        program = os.path.join(folder, "embedder")
        for source, name in ((FAKE, "fake.c"), (FAKE_MAIN, "main.c")):
            with open(os.path.join(folder, name), "w") as file:
                file.write(source)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder + "/fake.c"], check=True)
        subprocess.run(["cc", "-o", program, folder + "/main.c", library], check=True)
        honest = stack.enter_context(Target(SPIN))
        for _ in range(3):
            fake = subprocess.Popen([program], stdout=subprocess.PIPE)
            stack.callback(fake.wait)
            stack.callback(fake.kill)
            fake.stdout.readline()
        agent = stack.enter_context(Agent())
        found = until(lambda: agent.status()["unsupported_interpreters"], "the fake is reported")
        time.sleep(1.5)
        found = [one for one in agent.status()["unsupported_interpreters"]
                 if one["path"] == library]
        equal(len(found), 1, "reports")
        contains(found[0]["reason"], "3.17")
        contains(run("status", "--socket", agent.socket)[1], library, "unsupported")
        equal(agent.stop(), 0)
        said = [line for line in agent.log if library in line]
        equal(len(said), 1, "lines in the log")
        assert share_with(samples_of(agent.samples(), honest.pid), "honest_spin") > 0.98


def pages_that_left_memory_keep_their_frames():
    """Pitfall 38."""
    require_root()
    with start_liar("paged_out") as target, Agent() as agent:
        until_cpu(target.pid, 0.5)
        equal(agent.stop(), 0)
        mine = samples_of(agent.samples(), target.pid)
        assert count(mine) > 20 and share_with(mine, "paged_out") > 0.98, \
            (count(mine), share_with(mine, "paged_out"))


main(forged_structures_cost_only_their_process, a_flood_of_code_objects_does_not_grow_the_agent,
     an_interpreter_of_the_future_is_named_once, pages_that_left_memory_keep_their_frames)
