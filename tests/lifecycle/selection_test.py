"""--pid and --comm."""
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from agent import Agent, Program, Seen, burn_until, cpu_seconds
import pythons

READY = "print('READY', flush=True)\n"


PRCTL = """
import ctypes, sys, threading, time
def call(name, libc=ctypes.CDLL(None)):
    libc.prctl(15, name, 0, 0, 0)
def burn(until):
    x = 0
    while not until():
        for i in range(2000):
            x = (x * 31 + i) % 1000003
def for_cpu(seconds):
    end = time.process_time() + seconds
    return lambda: time.process_time() > end
"""
RENAMES = PRCTL + """
def unnamed(until):
    burn(until)
def named():
    burn(for_cpu(0.5))
def renamed():
    burn(lambda: False)
""" + READY + """
closed = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
unnamed(closed.is_set)
call(b"svc-worker")
named()
call(b"resting")
renamed()
"""
RENAMES_A_THREAD = PRCTL + READY + """
def thread():
    call(b"svc-thread")
    burn(lambda: False)
threading.Thread(target=thread).start()
"""
RENAMES_WITHOUT_END = PRCTL + READY + """
while True:
    call(b"storm-1")
    call(b"storm-2")
"""


def burner(name):
    return Program([pythons.executable("system"), "-I", "-S", "-c", READY + pythons.burner(name)])


class Selecting(unittest.TestCase):
    def test_pid_samples_that_process_only(self):
        with burner("wanted") as wanted, burner("other") as other:
            wanted.wait_ready(), other.wait_ready()
            with Agent(selection=("--pid", str(wanted.pid))) as agent:
                burn_until([wanted, other], 1)
                stopped, seen = agent.stopped(), Seen(agent.profiles())
        self.assertEqual(set(seen.cpu_ns), {wanted.pid})
        self.assertEqual(set(seen.clock_seconds), {wanted.pid})
        self.assertGreater(stopped["elsewhere"], 0)
        self.assertEqual(stopped["fired"],
                         stopped["samples"] + stopped["elsewhere"] + stopped["lost"])

    def test_comm_selects_by_name_before_and_after_the_start(self):
        with tempfile.TemporaryDirectory() as folder:
            named = shutil.copy(pythons.executable("system"), os.path.join(folder, "billing-7"))
            command = [named, "-I", "-S", "-c", READY + pythons.burner("billed")]
            with Program(command) as before, burner("other") as other:
                before.wait_ready(), other.wait_ready()
                with Agent(selection=("--comm", "^billing-[0-9]+$")) as agent:
                    with Program(command) as after:
                        burn_until([before, other, after.wait_ready()], 1)
                        seen = Seen(agent.stop().profiles())
        self.assertEqual(set(seen.cpu_ns), {before.pid, after.pid})

    def test_comm_selects_a_process_once_it_has_the_name(self):
        python = pythons.executable("system")
        with Agent(selection=("--comm", "^svc-")) as agent:
            with Program([python, "-I", "-S", "-c", RENAMES], stdin=subprocess.PIPE) as service, \
                    Program([python, "-I", "-S", "-c", RENAMES_A_THREAD]) as other:
                burn_until([service.wait_ready(), other.wait_ready()], 0.5)
                before = cpu_seconds(service.pid)
                service.process.stdin.close()  # goes on under its new name
                burn_until([service, other], 1)
                after = cpu_seconds(service.pid)
                seen = Seen(agent.stop().profiles())
        self.assertEqual(set(seen.cpu_ns), {service.pid})
        self.assertEqual(seen.names(service.pid) & {"unnamed", "named", "renamed"},
                         {"named", "renamed"}, "selected once, selected for good")
        # Its CPU time is told from then on, too, with a tick of the kernel's clock.
        self.assertLess(seen.clock_seconds[service.pid], after - before + 0.5)

    def test_comm_bears_a_process_that_renames_itself_without_end(self):
        python = pythons.executable("system")
        with Agent(selection=("--comm", "^svc-")) as agent:
            with Program([python, "-I", "-S", "-c", RENAMES_WITHOUT_END]) as storm:
                burn_until([storm.wait_ready()], 1)  # looking at the host's binaries is over
                spent = cpu_seconds(agent.pid)
                burn_until([storm], 2)
                spent = cpu_seconds(agent.pid) - spent
                with Program([python, "-I", "-S", "-c", RENAMES], stdin=subprocess.DEVNULL) as service:
                    burn_until([service.wait_ready()], 1)
                    status = agent.status()
                    seen = Seen(agent.stop().profiles())
        self.assertLess(spent, 0.2)
        self.assertEqual(set(seen.cpu_ns), {service.pid}, status)

    def test_pid_that_does_not_exist_is_an_error_at_start(self):
        with subprocess.Popen(["true"]) as child:
            child.wait()
        with Agent(selection=("--pid", str(child.pid)), wait=False) as agent:
            agent.process.wait(60)
            agent.stop()
            self.assertEqual(agent.status_code, 1)
            self.assertTrue(agent.said("--pid"), agent.log)

    def test_pid_that_is_not_python_is_waited_for(self):
        """A shell that execs an interpreter later: sampled from then on."""
        code = READY + pythons.burner("became")
        with Program(["sh", "-c", 'read -r _ < "$1"; exec "$0" -I -S -c "$2"',
                      pythons.executable("system"), self.fifo(), code]) as shell:
            with Agent(selection=("--pid", str(shell.pid))) as agent:
                with open(self.fifo_path, "w") as file:
                    file.write("go\n")
                burn_until([shell.wait_ready()], 0.5)
                seen = Seen(agent.stop().profiles())
        self.assertIn("became", seen.names(shell.pid))

    def test_agent_outlives_the_selected_process(self):
        with burner("short") as program:
            program.wait_ready()
            with Agent("--duration", "4s", selection=("--pid", str(program.pid))) as agent:
                begin = time.monotonic()
                burn_until([program], 0.5)
                program.process.kill()
                program.process.wait()
                self.assertEqual(agent.process.wait(60), 0)
                self.assertGreater(time.monotonic() - begin, 3)
                agent.stop()
                self.assertIn("short", Seen(agent.profiles()).names(program.pid))

    def fifo(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fifo_path = os.path.join(folder.name, "go")
        os.mkfifo(self.fifo_path)
        return self.fifo_path


if __name__ == "__main__":
    unittest.main()
