"""profd record -p, -s, --comm: what is sampled, when it ends, and what is said when there is nothing."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

from recording import INTERPRETERS, LIMIT_SECONDS, RecordTest, Stacks, profd, python, start
import agent
import interpreters

READY = "print('READY', flush=True)\n"
BURN = READY + "def burn():\n    while True:\n        pass\nburn()\n"

# A parent that burns, with a child that was there before and one that comes on SIGUSR1.
FAMILY = """
import os, signal, sys
def spin():
    while True: pass
def child_before(): spin()
def child_after(): spin()
def parent(): spin()
def fork(function):
    if os.fork() == 0:
        import ctypes
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        function()
signal.signal(signal.SIGUSR1, lambda *_: fork(child_after))
fork(child_before)
print('READY', flush=True)
parent()
"""


class Selecting(RecordTest):
    def test_one_process_of_each_version(self):
        for name in INTERPRETERS:
            with self.subTest(python=name):
                with agent.Program([python(name), "-c", BURN]) as program:
                    program.wait_ready()
                    stacks = self.record("-p", str(program.pid), "-d", "2s", "-r", "499")
                self.assertGreater(stacks.under("burn") / stacks.total, 0.95)
                self.assertEqual(stacks.lines_of("burn") - {3, 4}, set())

    def test_processes_that_have_ended_are_let_go_while_it_records(self):
        code = "import time\ndef life():\n    while time.process_time() < 0.08: pass\nlife()"
        with start("record", "--all-python", "-o", self.output, "-f", "collapsed", "-r", "999", "-d",
                   "120s") as recording:
            time.sleep(1)
            for _ in range(100):
                subprocess.run([python("3.12"), "-I", "-S", "-c", code], check=True)
            time.sleep(2.5)
            descriptors = [os.readlink(entry.path) for entry in os.scandir("/proc/%d/fd" % recording.pid)]
            recording.send_signal(signal.SIGINT)
            _, said = recording.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(recording.returncode, 0, said)
        self.assertLess(sum("pidfd" in name for name in descriptors), 20)
        self.assertGreater(Stacks(self.output).under("life"), 0.8 * 100 * 0.06 * 999)

    def test_one_process_in_a_foreign_root(self):
        try:
            found = interpreters.find("sid-3.14")
        except interpreters.Skip as reason:
            self.skipTest(str(reason))
        with agent.Program(found.command("", [])[:-1] + ["-c", BURN]) as program:
            program.wait_ready()
            stacks = self.record("-p", str(program.pid), "-d", "2s", "-r", "499")
        self.assertGreater(stacks.under("burn") / stacks.total, 0.95)

    def family(self, *arguments):
        with agent.Program([python("3.12"), "-c", FAMILY]) as program:
            program.wait_ready()
            with start("record", "-o", self.output, "-p", str(program.pid), "-r", "499",
                       *arguments) as recording:
                time.sleep(2)
                program.process.send_signal(signal.SIGUSR1)
                time.sleep(2)
                recording.send_signal(signal.SIGINT)
                self.assertEqual(recording.wait(LIMIT_SECONDS), 0, recording.stderr.read())
        return Stacks(self.output)

    def test_alone_a_process_is_sampled_without_its_children(self):
        stacks = self.family()
        self.assertGreater(stacks.under("parent"), 0)
        self.assertEqual(stacks.under("child_before") + stacks.under("child_after"), 0)

    def test_with_subprocesses_those_before_and_those_to_come(self):
        stacks = self.family("-s")
        for function in ("parent", "child_before", "child_after"):
            self.assertGreater(stacks.under(function), 0, function)
        self.assertTrue(all(root.startswith("process ") for root in stacks.roots()), stacks.roots())

    def test_program_that_a_child_becomes_is_sampled(self):
        """Through a process that is not Python."""
        with tempfile.TemporaryDirectory() as folder:
            fifo = os.path.join(folder, "go")
            os.mkfifo(fifo)
            with agent.Program(["sh", "-c", 'read -r _ < "$1"; sh -c \'"$0" -c "$1"; true\' "$0" "$2"; true',
                                python(), fifo, BURN], start_new_session=True) as shell:
                with start("record", "-o", self.output, "-p", str(shell.pid), "-s",
                           "-r", "499") as recording:
                    time.sleep(1.5)
                    with open(fifo, "w") as file:
                        file.write("go\n")
                    shell.wait_ready()
                    time.sleep(1.5)
                    recording.send_signal(signal.SIGINT)
                    self.assertEqual(recording.wait(LIMIT_SECONDS), 0, recording.stderr.read())
                os.killpg(shell.pid, signal.SIGKILL)
        self.assertGreater(Stacks(self.output).under("burn"), 0)

    def test_threads_are_outermost_frames_on_request(self):
        code = READY + ("import threading\n"
                        "def burn():\n    while True: pass\n"
                        "threading.Thread(target=burn, name='the-second', daemon=True).start()\nburn()")
        with agent.Program([python("3.12"), "-c", code]) as program:
            program.wait_ready()
            stacks = self.record("-p", str(program.pid), "-d", "3s", "-r", "499", "-t")
        self.assertTrue(any("the-second" in root for root in stacks.roots()), stacks.roots())


class Ending(RecordTest):
    def test_ends_with_the_process(self):
        with agent.Program([python(), "-c", BURN]) as program:
            program.wait_ready()
            with start("record", "-o", self.output, "-p", str(program.pid)) as recording:
                time.sleep(2)
                program.process.kill()
                program.process.wait()
                self.assertEqual(recording.wait(LIMIT_SECONDS), 0, recording.stderr.read())
        self.assertGreater(Stacks(self.output).total, 0)

    def test_termination_writes_what_there_is(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with agent.Program([python(), "-c", BURN]) as program:
                program.wait_ready()
                with start("record", "-o", self.output, "-p", str(program.pid)) as recording:
                    time.sleep(2)
                    recording.send_signal(number)
                    self.assertEqual(recording.wait(LIMIT_SECONDS), 0, recording.stderr.read())
            self.assertGreater(Stacks(self.output).total, 0)
            os.unlink(self.output)


class SayingWhy(RecordTest):
    def refused(self, *arguments):
        done = profd("record", "-o", self.output, *arguments)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.files(), [])
        return done.stderr

    def test_no_such_process(self):
        with subprocess.Popen(["true"]) as child:
            child.wait()
        self.assertIn("no process %d" % child.pid, self.refused("-p", str(child.pid)))

    def test_process_that_is_not_python(self):
        with agent.Program(["sleep", "1000"]) as program:
            begin = time.monotonic()
            said = self.refused("-p", str(program.pid))
            self.assertLess(time.monotonic() - begin, 60)
        self.assertIn("(sleep) runs no Python", said)
        self.assertIn("hint: -s", said)

    def test_process_that_sleeps(self):
        code = READY + "import time\ntime.sleep(1000)"
        with agent.Program([python(), "-c", code]) as program:
            program.wait_ready()
            said = self.refused("-p", str(program.pid), "-d", "1s")
        self.assertIn("it waits", said)

    def test_wrong_use_names_what_is_right(self):
        for arguments, text in ((("-p", "x"), "4242"), ((), "--all-python"),
                                (("-p", "1", "--all-python"), "only"),
                                (("-p", "1", "-d", "-1s"), "--duration"),
                                (("-p", "1", "-r", "0"), "--rate"),
                                (("-p", "1", "--nativ"), "--native"),
                                (("-p", "1", "-f", "chrometrace"), "firefox"),
                                (("--comm", "("), "regular expression")):
            done = profd("record", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
