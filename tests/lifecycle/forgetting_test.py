"""Processes that ended leave nothing behind, in the agent or on the host."""
import os
import signal
import subprocess
import unittest

from agent import Agent, Program, burn_until, wait_until
import pythons


def spawn(count, width=8):
    """`count` interpreters that do nothing, `width` at a time."""
    command = [pythons.executable("system"), "-I", "-S", "-c", "pass"]
    for _ in range(count // width):
        for child in [subprocess.Popen(command) for _ in range(width)]:
            child.wait()


def probes_left():
    """Breakpoints of uprobes are seen in the target's text; the kernel lists none of perf's own, so
    this counts links of programs called interpreter_start."""
    text = subprocess.run(["bpftool", "prog", "show", "name", "interpreter_start"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    return text.count("interpreter_sta")


class Forgetting(unittest.TestCase):
    def churn(self, warm, count, limit_bytes):
        with Agent(interval="1s", rate=99) as agent:
            spawn(warm)
            wait_until(lambda: agent.status()["files"]["written"] > 1, "a window is written")
            alive, rss = agent.status()["processes"], agent.rss_bytes()
            spawn(count)
            wait_until(lambda: agent.status()["processes"] <= alive + 20, "processes are forgotten")
            grown = agent.rss_bytes() - rss
            print("%d processes: RSS %d KiB, grown by %d KiB" %
                  (count, agent.rss_bytes() >> 10, grown >> 10))
            self.assertLess(grown, limit_bytes)
            stopped = agent.stopped()
            self.assertEqual(stopped["fired"],
                             stopped["samples"] + stopped["elsewhere"] + stopped["lost"])

    def test_processes_in_a_row(self):
        self.churn(400, 2000, 8 << 20)

    # Pitfall 48
    @unittest.skipUnless(os.environ.get("PROFD_NIGHTLY"), "nightly")
    def test_very_many_processes_in_a_row(self):
        self.churn(2000, 40000, 16 << 20)

    # Pitfall 49
    def test_killed_agent_leaves_targets_running_and_no_probe(self):
        before = probes_left()
        code = "print('READY', flush=True)\n" + pythons.burner("spin")
        with Program([pythons.executable("3.11"), "-I", "-S", "-c", code]) as target:
            target.wait_ready()
            for _ in range(100 if os.environ.get("PROFD_NIGHTLY") else 20):
                with Agent(rate=999) as agent:
                    agent.process.kill()
                    agent.process.wait()
                with open("/proc/%d/stat" % target.pid) as file:
                    self.assertNotIn(file.read().rpartition(") ")[2][0], "Tt")
            burn_until([target], 0.2)
            # The kernel frees programs a little after their last descriptor went.
            wait_until(lambda: probes_left() <= before, "probes are gone", 30)
        subprocess.run([pythons.executable("3.11"), "-c", "pass"], check=True)

    # Pitfall 20
    @unittest.skipUnless(os.environ.get("PROFD_NIGHTLY"), "nightly")
    def test_thousands_of_interpreters_alive(self):
        command = [pythons.executable("system"), "-S", "-E", "-c", "import signal; signal.pause()"]
        living = [subprocess.Popen(command) for _ in range(3000)]
        try:
            with Agent(rate=99) as agent:
                wait_until(lambda: agent.status()["processes"] >= 3000, "all are registered")
                print("3000 interpreters: RSS %d MiB" % (agent.rss_bytes() >> 20))
                self.assertLess(agent.rss_bytes(), 512 << 20)
        finally:
            for child in living:
                child.send_signal(signal.SIGKILL)
            for child in living:
                child.wait()


if __name__ == "__main__":
    unittest.main()
