"""Short lives: nearly all CPU of processes of 100 ms each is in the profile, by name."""
import os
import subprocess
import tempfile
import unittest

from agent import Agent, Program, Seen, WORKLOADS
import pythons

PROCESSES = 100
CPU_MS = 100


class Births(unittest.TestCase):
    def lives(self, name, known_before, processes=PROCESSES, cpu_ms=CPU_MS, preload=None,
              python_share=0.80):
        interpreter = pythons.find(name)
        before = Program(interpreter.command("shares.py", [0])).wait_ready() if known_before else None
        with Agent(rate=999, interval="2s") as agent:
            if before:
                before.stop()
            # The parent too is Python: it is found before its children are born.
            environment = dict(os.environ, **({"LD_PRELOAD": preload} if preload else {}))
            with Program(interpreter.command("births.py", [0, processes, cpu_ms]),
                         env=environment) as parent:
                parent.wait_ready().finish()
            agent.stop()
            stopped, seen = agent.stopped(), Seen(agent.profiles())
            lost = sorted(line for line in seen.comments if line.startswith("profd.lost"))
        answers = parent.answers[:-1]
        self.assertEqual(len(answers), processes)
        rusage = sum(answer["cpu"] for answer in answers)
        # PIDs inside another root are the same: it has no PID namespace of its own.
        pids = {answer["pid"] for answer in answers}
        # Lost events are part of the sum on a busy host, and are counted: see accounting_test.py.
        whole = sum(seen.cpu_ns[pid] for pid in pids) / 1e9
        python = sum(seen.python_ns[pid] for pid in pids) / 1e9
        clock = sum(seen.clock_seconds[pid] for pid in pids)
        named = sum(answer["function"] in seen.names(answer["pid"]) for answer in answers)
        print("%s: rusage %.2f s, sampled %.1f%%, with Python frames %.1f%%, clock %.1f%%, named %d/%d,"
              " lost %d %s" % (name, rusage, 100 * whole / rusage, 100 * python / rusage,
                            100 * clock / rusage, named, len(answers), stopped["lost"], lost))
        self.assertEqual(named, len(answers))
        # Start and end of the interpreter have no Python frames: they count where their process is.
        self.assertGreaterEqual(whole, 0.95 * rusage)
        self.assertGreaterEqual(python, python_share * rusage)
        self.assertAlmostEqual(clock, rusage, delta=0.03 * rusage)

    def test_shared_3_8(self):
        self.lives("3.8", True)

    def test_shared_3_11(self):
        self.lives("3.11", True)

    def test_shared_3_13(self):
        self.lives("3.13", True)

    def test_static(self):
        self.lives("system", True)

    def test_static_3_14_in_another_root(self):
        self.lives("sid-3.14", True)

    def test_binary_never_seen_before(self):
        self.lives("3.12", False)

    def test_what_comes_before_and_after_python(self):
        with tempfile.TemporaryDirectory() as folder:
            preload = os.path.join(folder, "slow_start.so")
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", os.path.join(WORKLOADS, "slow_start.c"),
                            "-o", preload], check=True)
            for name in ("3.12", "system"):
                with self.subTest(name):
                    self.lives(name, True, processes=20, cpu_ms=400, preload=preload,
                               python_share=0.40)


if __name__ == "__main__":
    unittest.main()
