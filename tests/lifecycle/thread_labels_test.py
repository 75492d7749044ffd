"""Each sample's thread is the one that ran, however soon its ID was another's."""
import collections
import unittest

from agent import Agent, Program
import pythons

JOBS = {"payment", "report", "cleanup"}


class ThreadLabels(unittest.TestCase):
    def test_threads_that_follow_each_other_have_their_own_names(self):
        threads = collections.Counter()
        for name in ("3.7", "3.9", "3.11", "3.13"):
            command = pythons.find(name).command("jobs.py", [6])
            with Agent(rate=99, interval="2s") as agent, Program(command) as program:
                program.process.wait(60)
                profiles = agent.stop().profiles()
            threads += self.threads_of_jobs(
                sample for profile in profiles for sample in profile.samples
                if sample.labels["pid"] == program.pid)
        total = sum(threads.values())
        self.assertGreater(total, 1200)
        own = sum(count for (job, thread), count in threads.items() if thread == "job-" + job)
        of_others = sum(count for (job, thread), count in threads.items()
                        if thread.startswith("job-")) - own
        # A thread that ends may be seen with the stack of the next one.
        self.assertLess(of_others, 0.01 * total, threads)
        # A thread that has ended before it is looked at has the kernel's name only.
        self.assertGreater(own, 0.6 * total, threads)

    def test_threads_that_are_seen_but_once_have_their_names(self):
        for name in ("3.8", "3.12"):
            command = pythons.find(name).command("crowd.py", [300])
            with Agent(rate=99, interval="3s") as agent, Program(command) as program:
                program.process.wait(60)
                profiles = agent.stop().profiles()
            of_crowd = [sample for profile in profiles for sample in profile.samples
                        if sample.labels["pid"] == program.pid
                        and "take_turn" in {frame.function for frame in sample.frames}]
            threads = {sample.labels["tid"] for sample in of_crowd}
            named = [sample for sample in of_crowd if sample.labels["thread"].startswith("crowd-")]
            self.assertGreater(len(threads), 150, name)
            self.assertGreater(len(named), 0.95 * len(of_crowd), name)
            self.assertEqual(len({sample.labels["thread"] for sample in named}),
                             len({sample.labels["tid"] for sample in named}), name)

    def test_threads_beside_a_subinterpreter_have_their_names(self):
        code = """
import threading, time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
def spin():
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        pass
sub = interpreters.create()
interpreters.run_string(sub, "import threading, time; time.sleep(0.01)")
worker = threading.Thread(target=spin, name="worker")
worker.start()
worker.join()
"""
        for name in ("3.8", "3.12", "3.13"):
            with self.subTest(name), Agent(rate=99, interval="3s") as agent:
                with Program([pythons.executable(name), "-c", code]) as program:
                    program.process.wait(60)
                spinning = [sample for profile in agent.stop().profiles() for sample in profile.samples
                            if sample.labels["pid"] == program.pid
                            and "spin" in {frame.function for frame in sample.frames}]
                named = sum(sample.values[0] for sample in spinning if sample.labels["thread"] == "worker")
                total = sum(sample.values[0] for sample in spinning)
                self.assertGreater(total, 100)
                self.assertGreater(named, 0.95 * total)

    @staticmethod
    def threads_of_jobs(samples):
        """Samples by (job, thread's name)."""
        threads = collections.Counter()
        for sample in samples:
            for job in JOBS & {frame.function for frame in sample.frames}:
                threads[job, sample.labels["thread"]] += sample.values[0]
        return threads


if __name__ == "__main__":
    unittest.main()
