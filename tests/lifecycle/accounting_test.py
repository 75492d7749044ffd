"""Every perf event ends in exactly one counter, and their number is what the kernel owes."""
import contextlib
import os
import re
import signal
import subprocess
import time
import unittest

from agent import CPU, SPACE, Agent, Program, Seen, burn_until
import pythons

CPUS = len(open("/proc/stat").read().split("\ncpu")) - 1


def burner(name="spin"):
    return Program([pythons.executable("system"), "-I", "-S", "-c",
                    "print('READY', flush=True)\n" + pythons.burner(name)])


@contextlib.contextmanager
def no_idle_cpu():
    """An idle CPU may fire no events at all, which is no loss."""
    spinners = [subprocess.Popen(["sh", "-c", "while :; do :; done"],
                                 preexec_fn=lambda cpu=cpu: os.sched_setaffinity(0, {cpu}))
                for cpu in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def facts(profile):
    return {match.group(1): float(match.group(2)) for match in
            (re.match(r"profd\.([a-z_]+(?:\{reason=\"[a-z_]+\"\})?) ([0-9.]+)$", comment)
             for comment in profile.comments) if match}


def all_facts(profile):
    """(name with labels, value) of every comment of ours."""
    for comment in profile.comments:
        match = re.match(r"profd\.(.*) ([0-9.]+)$", comment)
        if match:
            yield match.group(1), float(match.group(2))


class Accounting(unittest.TestCase):
    def exact(self, stopped):
        self.assertEqual(stopped["fired"],
                         stopped["samples"] + stopped["elsewhere"] + stopped["lost"])

    # Pitfall 7
    def test_sums_are_exact_at_each_rate_busy_and_idle(self):
        for rate in (99, 999, 5000):
            for busy in (False, True):
                with self.subTest(rate=rate, busy=busy), Agent(rate=rate, interval="1s") as agent:
                    if busy:
                        with burner() as one, burner() as two:
                            burn_until([one.wait_ready(), two.wait_ready()], 1)
                    else:
                        time.sleep(2)  # the interval under test
                    stopped = agent.stopped()
                    self.exact(stopped)
                    total = sum(int(facts(profile)["events_fired"]) for profile in agent.profiles())
                    # Those before the first window opened are in none.
                    self.assertLessEqual(total, stopped["fired"])

    def test_status_adds_up_at_any_moment(self):
        with burner() as program, Agent(rate=999) as agent:
            program.wait_ready()
            for _ in range(5):
                burn_until([program], 0.3)
                events = agent.status()["events"]
                known = events["samples"] + events["elsewhere"] + events["lost_total"]
                # Records still in the rings: at most one poll's worth.
                self.assertLessEqual(known, events["fired"])
                self.assertLess(events["fired"] - known, 0.2 * 999 * CPUS)

    # Pitfall 8
    def test_events_fired_and_skipped_are_all_that_were_due(self):
        for rate in (99, 999, 5000):
            with self.subTest(rate=rate), no_idle_cpu(), burner() as program, \
                    Agent(rate=rate) as agent:
                burn_until([program.wait_ready()], 2)
                status = agent.status()
                events = status["events"]
                skipped = status["imperfect"]["ticks_skipped"]
                not_fired = skipped + events["idle_not_fired"]
                difference = events["fired"] + not_fired - events["expected"]
                print("rate %d: expected %d, fired %d, not fired %d, difference %d" %
                      (rate, events["expected"], events["fired"], not_fired, difference))
                # One period in progress on each CPU; and the counters are read one after another.
                self.assertLessEqual(abs(difference), 2 * CPUS + 0.01 * rate * CPUS)

    # Pitfall 5: the agent's own start and the time before the samplers are in no profile.
    def test_nothing_before_the_samplers_is_counted(self):
        with Agent(rate=999, interval="1s") as agent:
            events = agent.status()["events"]
            self.assertLess(events["expected"], 999 * CPUS * 3)
            agent.stop()
        with burner() as program:
            program.wait_ready()
            burn_until([program], 1)
            with Agent(rate=999) as agent:
                burn_until([program], 0.5)
                seen = Seen(agent.stop().profiles())
            # What it used before is not told.
            self.assertLess(seen.clock_seconds[program.pid], 1.0)

    # Pitfall 6: a fixed period; nothing catches up after idle time.
    def test_idle_host_does_not_flood(self):
        with Agent(rate=499) as agent:
            before, begin = agent.status()["events"], time.monotonic()
            time.sleep(3)  # the idle time under test
            after, seconds = agent.status()["events"], time.monotonic() - begin
            fired = after["fired"] - before["fired"]
            self.assertLessEqual(fired, 499 * CPUS * (seconds + 1.1))  # the status is 1 s old at most

    def test_overflow_is_counted_and_weights_recover(self):
        with burner() as one, burner() as two, Agent(rate=19997, interval="1s") as agent:
            one.wait_ready(), two.wait_ready()
            burn_until([one, two], 1)
            agent.process.send_signal(signal.SIGSTOP)
            burn_until([one, two], 4)  # the ring holds some 40,000 small samples
            agent.process.send_signal(signal.SIGCONT)
            burn_until([one, two], 2)
            stopped, profiles = agent.stopped(), agent.profiles()
        self.exact(stopped)
        lost = sum(facts(profile).get('lost{reason="ring_full"}', 0) for profile in profiles)
        self.assertGreater(lost, 0)
        self.assertGreaterEqual(stopped["lost"], lost)
        # A sample never stands for what was lost before it.
        for profile in profiles[-2:]:
            count = sum(sample.values[SPACE] for sample in profile.samples)
            weight = sum(sample.values[CPU] for sample in profile.samples)
            if count:
                self.assertLess(weight / count, 5 * profile.period_ns)

    def test_a_burst_after_idle_time_is_not_charged_for_it(self):
        code = ("import time\nprint('READY', flush=True)\nwhile True:\n"
                "    end = time.process_time() + 0.03\n"
                "    while time.process_time() < end:\n        pass\n"
                "    time.sleep(0.3)\n")
        with Program([pythons.executable("system"), "-I", "-S", "-c", code]) as program:
            program.wait_ready()
            with Agent(rate=999, interval="1h") as agent:
                burn_until([program], 0.4)
                agent.stop()
                profile, = agent.profiles()
        weight = sum(sample.values[CPU] for sample in profile.samples) / 1e9
        used = sum(value for name, value in all_facts(profile)
                   if name.startswith("process_cpu_seconds"))
        self.assertLess(weight, 1.3 * used)
        self.assertGreater(weight, 0.7 * used)

    # Pitfall 50
    def test_suspended_agent_writes_the_time_it_sampled(self):
        with no_idle_cpu(), Agent(rate=99, interval="1s") as agent:
            begin = time.monotonic()
            agent.process.send_signal(signal.SIGSTOP)
            time.sleep(3)  # the suspension under test
            agent.process.send_signal(signal.SIGCONT)
            agent.stop()
            wall = time.monotonic() - begin
            profiles = agent.profiles()
        duration = sum(profile.duration_ns for profile in profiles) / 1e9
        fired = sum(facts(profile)["events_fired"] for profile in profiles)
        skipped = sum(facts(profile).get('imperfect{reason="ticks_skipped"}', 0)
                      for profile in profiles)
        # The kernel went on sampling: the duration is that time, and events fill it.
        self.assertAlmostEqual(duration, wall, delta=1.5)
        self.assertAlmostEqual((fired + skipped) / 99 / CPUS, duration, delta=0.15 * duration)


if __name__ == "__main__":
    unittest.main()
