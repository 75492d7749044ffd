#!/usr/bin/env python3
"""profd top -- COMMAND, -i and -g: on the screen of a real terminal, and as one table.

usage: top_command_test.py PROFD      exit 77: cannot run here, says why
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screen import Screen, child_named, skip_without_tmux  # noqa: E402

PROFD = os.path.abspath(sys.argv[1])
PYTHON = sys.executable
LIMIT_SECONDS = 60

# Until it is told to end, or for so many seconds of CPU time.
SPIN = """
import signal, sys, time
def leave(number, frame):
    print('told', signal.Signals(number).name, flush=True)
    sys.exit(5)
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGINT, leave)
def spin():
    for _ in range(20000):
        pass
print('out at the start', flush=True)
print('err at the start', file=sys.stderr, flush=True)
limit = float(sys.argv[1])
while time.process_time() < limit:
    spin()
print('read', len(sys.stdin.read()), flush=True)
sys.exit(3)
"""
WAIT = """
import threading, time
def waits_for_a_lock():
    lock = threading.Lock(); lock.acquire(); lock.acquire()
threading.Thread(target=waits_for_a_lock, daemon=True).start()
print('READY', flush=True)
def sleeps():
    time.sleep(1000)
sleeps()
"""


def top(*arguments, **options):
    return subprocess.run([PROFD, "top", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=LIMIT_SECONDS, **options)


def functions(table):
    return [row["function"] for row in table["rows"]]


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path("spin.py", SPIN)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def waiting_program(self):
        program = subprocess.Popen([PYTHON, "-c", WAIT], stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        program.stdout.readline()
        return program


class Once(Folder):
    def test_a_command_yields_one_table_of_all_of_it_and_its_status(self):
        done = top("--json", "-r", "499", "--", PYTHON, self.path("spin.py"), "2.5", input="typed")
        self.assertEqual(done.returncode, 3, done.stderr)
        table = json.loads(done.stdout)  # and nothing of the command
        spin = next(row for row in table["rows"] if row["function"] == "spin")
        self.assertGreater(spin["cumulative_share"], 0.8)
        self.assertGreater(spin["cumulative_ns"], 2e9)
        self.assertEqual((table["time"], table["processes"]), ("cpu", 1))
        for text in ("out at the start", "err at the start", "read 5"):
            self.assertIn(text, done.stderr)

    def test_waiting_threads_are_rows_by_what_they_wait_for(self):
        program = self.waiting_program()
        done = top("--json", "-i", "-p", str(program.pid))
        self.assertEqual(done.returncode, 0, done.stderr)
        table = json.loads(done.stdout)
        rows = {row["function"]: row for row in table["rows"]}
        self.assertEqual(table["time"], "wall")
        for function in ("[waiting: sleep]", "[waiting: lock]", "sleeps", "waits_for_a_lock"):
            self.assertAlmostEqual(rows[function]["cumulative_share"], 0.5, delta=0.1)
        self.assertEqual(json.loads(top("--json", "-p", str(program.pid)).stdout)["rows"], [])

    def test_only_the_holder_of_the_gil_on_request(self):
        code = ("import threading, time, zlib\n"
                "end = time.monotonic() + 3\n"
                "data = bytes(50_000_000)\n"
                "def outside():\n"
                "    while time.monotonic() < end: zlib.crc32(data)\n"
                "def inside():\n"
                "    while time.monotonic() < end: pass\n"
                "threading.Thread(target=outside).start()\n"
                "inside()")
        shares = {}
        for flags in ((), ("-g",)):
            done = top("--json", *flags, "--", PYTHON, "-c", code)
            self.assertEqual(done.returncode, 0, done.stderr)
            table = json.loads(done.stdout)
            self.assertEqual(table["gil_only"], bool(flags))
            shares[flags] = {row["function"]: row["cumulative_share"] for row in table["rows"]}
        self.assertGreater(shares[()]["outside"], 0.25)
        self.assertLess(shares["-g",].get("outside", 0), 0.1)
        self.assertGreater(shares["-g",]["inside"], 0.9)

    def test_what_cannot_be_started_has_a_shells_status(self):
        for command, status in (("/no/such/command", 127), ("/etc/passwd", 126)):
            done = top("--once", "--", command)
            self.assertEqual((done.returncode, done.stdout), (status, ""))
            self.assertIn(command, done.stderr)

    def test_a_command_that_is_not_python_is_said_to_be_none(self):
        done = top("--once", "--", "sh", "-c", "exit 9")
        self.assertEqual(done.returncode, 9)
        self.assertIn("no Python", done.stderr)

    def test_every_flag_of_py_spy_works_or_says_what_to_type(self):
        program = self.waiting_program()
        pid = str(program.pid)
        for flags in (("--pid", pid), ("-p", pid), ("-r", "100"), ("--rate", "100"), ("-s",), ("-n",),
                      ("--subprocesses",), ("--native",), ("--nonblocking",), ("--full-filenames",),
                      ("-i",), ("--idle",), ("-g",), ("--gil",), ("--delay", "0.2"), ("-F",)):
            chosen = () if "p" in flags[0][:3] else ("-p", pid)
            done = top("--once", *flags, *chosen)
            self.assertEqual(done.returncode, 0, (flags, done.stderr))
        for arguments, text in ((("--locals", "-p", pid), "profd dump"), (("-o", "x"), "profd record"),
                                (("--format", "raw"), "profd record"), (("python", "x.py"), "-- python"),
                                (("--duration", "9"), "profd record"), (("-s",), "--pid"),
                                (("-p", pid, "--", "true"), "only one")):
            done = top(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertIn(text, done.stderr)


class OnScreen(Folder):
    def screen(self):
        screen = Screen(self.folder, columns=100, rows=30)
        self.addCleanup(screen.__exit__)
        return screen

    def start(self, screen, seconds, rest=""):
        screen.keys("%s top -d 0.3 -- %s spin.py %s %s; echo STATUS $?"
                    % (PROFD, PYTHON, seconds, rest), "Enter")
        text = screen.wait_for(re.compile(r"%Self.*\n.* spin ", re.DOTALL), timeout=30)
        self.assertNotIn("at the start", text)
        return child_named(screen.shell_pid(), "profd")

    def end(self, screen, status):
        screen.wait_for(re.compile("^STATUS [0-9]", re.MULTILINE), timeout=30)
        text = screen.history()
        self.assertIn("STATUS %d\n" % status, text)
        return text

    def test_ends_with_the_command_and_leaves_output_and_table(self):
        screen = self.screen()
        self.start(screen, 2)
        text = self.end(screen, 3)
        self.assertRegex(text, r"(?s)out at the start\nerr at the start\nread 0\n.*%Self.* spin ")
        self.assertRegex(text, r"has ended after [0-9.]+ s with exit status 3\n")

    def test_q_asks_the_command_to_end_and_waits(self):
        screen = self.screen()
        self.start(screen, 1000)
        screen.keys("q")
        text = self.end(screen, 5)
        self.assertIn("sent SIGTERM to", text)
        self.assertEqual(text.count("told SIGTERM"), 1)

    def test_an_interrupt_reaches_both_once(self):
        screen = self.screen()
        self.start(screen, 1000)
        screen.keys("C-c")
        text = self.end(screen, 5)
        self.assertEqual(text.count("told SIGINT"), 1)
        self.assertNotIn("SIGTERM", text)

    def test_termination_is_passed_on(self):
        screen = self.screen()
        os.kill(self.start(screen, 1000), signal.SIGTERM)
        self.assertIn("told SIGTERM", self.end(screen, 5))

    def test_streams_that_are_no_terminal_are_the_commands(self):
        screen = self.screen()
        self.path("input", "12345")
        self.start(screen, 2, "< input 2> errors")
        text = self.end(screen, 3)
        self.assertIn("read 5\n", text)
        self.assertNotIn("err at the start", text)
        with open(self.path("errors"), encoding="utf-8") as file:
            self.assertIn("err at the start", file.read())

    def test_keys_change_what_is_seen(self):
        program = self.waiting_program()
        screen = self.screen()
        screen.keys("%s top -d 0.3 -p %d" % (PROFD, program.pid), "Enter")
        screen.wait_for("%Self")
        screen.keys("i")
        screen.wait_for("[waiting: sleep]")
        self.assertIn("profd top  wall time  ", screen.text())
        screen.keys("o")
        screen.wait_for("wall time  only with the GIL", absent="[waiting: sleep]")
        screen.keys("i")
        screen.wait_for("profd top  only with the GIL")
        screen.keys("o", "q")
        screen.wait_for("SHELL$", absent="%Self")

    def test_an_orphan_stays_a_descendant_when_the_mode_changes(self):
        screen = self.screen()
        orphan = self.path("spin.py")
        self.addCleanup(subprocess.run, ["pkill", "-KILL", "-f", orphan], check=False)
        screen.keys("%s top -d 0.3 -- sh -c '(%s %s 1000 &); sleep 1000'" % (PROFD, PYTHON, orphan),
                    "Enter")
        row = re.compile(r"%Self.*\n.* spin ", re.DOTALL)
        screen.wait_for(row, timeout=30)
        screen.keys("i")
        screen.wait_for(re.compile(r"profd top  wall time  .*%Self.*\n.* spin ", re.DOTALL))
        screen.keys("q")
        screen.wait_for("; the table is of ")

    def start_waiting(self, screen):
        program = self.waiting_program()
        screen.keys("%s top -d 0.3 -i -p %d; echo STATUS $?" % (PROFD, program.pid), "Enter")
        screen.wait_for("[waiting: sleep]")
        return program

    def test_what_is_left_of_a_table_that_began_anew_says_so(self):
        screen = self.screen()
        program = self.start_waiting(screen)
        screen.keys("i")
        screen.wait_for("profd top  0 processes", absent="[waiting: sleep]")
        program.kill()
        text = self.end(screen, 0)
        self.assertIn("no sample was taken since the table began anew\n", text)
        self.assertRegex(text, r"has ended; the table is of \d+\.\d s\n")

    def test_ends_with_the_process(self):
        screen = self.screen()
        program = self.start_waiting(screen)
        time.sleep(1)
        program.kill()
        text = self.end(screen, 0)
        self.assertIn("process %d has ended" % program.pid, text)
        self.assertIn("[waiting: sleep]", text)


def main():
    skip_without_tmux()
    if os.geteuid() != 0:
        print("SKIP: only root may load BPF programs")
        return 77
    tried = top("--once", "--", "true")
    if re.search("kernel|CAP_", tried.stderr):
        print("SKIP: %s" % tried.stderr.strip())
        return 77
    done = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False, verbosity=2)
    return 0 if done.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
