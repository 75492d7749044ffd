#!/usr/bin/env python3
"""The agent ends cleanly whenever it is told to, and its targets may die at any moment."""
import os
import random
import signal
import subprocess
import sys
import time

from hostile import (SPIN, Agent, Target, count, equal, main, require_root, samples_of,
                     share_with, until_cpu)


def stop_signals_write_the_last_window():
    require_root()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Target(SPIN) as target, Agent(interval="1h") as agent:
            until_cpu(target.pid, 0.2)
            equal(agent.stop(number), 0, "exit code after signal %d" % number)
            equal(len(agent.files()), 1, "files")
            assert samples_of(agent.samples(), target.pid), "\n".join(agent.log)


def until_blocked(pid, number, patience=60):
    """Waits for a process to take the signal from a descriptor: before, it simply dies of it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with open("/proc/%d/status" % pid) as file:
            blocked = [line for line in file if line.startswith("SigBlk:")][0]
        if int(blocked.split()[1], 16) >> (number - 1) & 1:
            return
        time.sleep(0.001)  # between two looks
    raise AssertionError("the agent does not take signals")


def a_signal_during_start_up_ends_it_cleanly():
    require_root()
    for delay_ms in (0, 50, 150, 300):
        with Agent(ready=False) as agent:
            until_blocked(agent.pid, signal.SIGTERM)
            time.sleep(delay_ms / 1000)
            equal(agent.stop(), 0, "exit code, %d ms into its start" % delay_ms)


def nohup_is_obeyed():
    require_root()
    with Agent(wrap=("nohup",)) as agent:
        os.kill(agent.pid, signal.SIGHUP)
        agent.until_logged("samples=")
        agent.until_logged("samples=")
        equal(agent.stop(), 0)


def stderr_may_close():
    require_root()
    with Agent() as agent:
        agent.process.stderr.close()
        time.sleep(2)
        equal(agent.process.poll(), None, "exit code while running")
        agent.process.send_signal(signal.SIGTERM)
        equal(agent.process.wait(60), 0)
        assert agent.files()


def targets_killed_in_mid_sample_harm_nobody():
    require_root()
    with Target(SPIN) as steady, Agent(rate="1khz") as agent:
        for _ in range(50):
            victim = subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE)
            victim.stdout.readline()
            time.sleep(random.uniform(0, 0.03))
            victim.kill()
            victim.wait()
            victim.stdout.close()
        until_cpu(steady.pid, 0.3)
        equal(agent.stop(), 0)
        mine = samples_of(agent.samples(), steady.pid)
        assert count(mine) > 30 and share_with(mine, "honest_spin") > 0.98, \
            (count(mine), share_with(mine, "honest_spin"))


def a_stopped_agent_measures_the_time_it_sampled():
    """Pitfall 50: the profile's duration is the time that the samplers were enabled."""
    require_root()
    import pprof_reader
    with Agent(interval="1s") as agent:
        agent.until_logged("samples=")
        begin = time.monotonic()
        os.kill(agent.pid, signal.SIGSTOP)
        time.sleep(3)
        os.kill(agent.pid, signal.SIGCONT)
        agent.until_logged("samples=")
        agent.until_logged("samples=")
        equal(agent.stop(), 0)
        passed = time.monotonic() - begin
        total = sum(pprof_reader.read(path).duration_ns for path in agent.files()) / 1e9
        assert passed - 0.5 < total < passed + 10, (passed, total)


main(stop_signals_write_the_last_window, a_signal_during_start_up_ends_it_cleanly,
     nohup_is_obeyed, stderr_may_close, targets_killed_in_mid_sample_harm_nobody,
     a_stopped_agent_measures_the_time_it_sampled)
