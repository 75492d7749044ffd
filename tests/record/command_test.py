"""profd record -- command: as if the command had been typed alone, and all of it is seen."""
import json
import os
import pty
import pwd
import shutil
import signal
import subprocess
import time
import unittest

from recording import INTERPRETERS, LIMIT_SECONDS, SHARES, RecordTest, Stacks, profd, python, start
import agent


class Seeing(RecordTest):
    def test_shares_and_lines_are_right(self):
        for name in INTERPRETERS:
            with self.subTest(python=name):
                script = self.path("shares.py")
                with open(script, "w") as file:
                    file.write(SHARES.format(0.25))
                stacks = self.record("-r", "997", "--", python(name), script)
                self.assertAlmostEqual(stacks.under("three") / stacks.under("one"), 3, delta=0.5)
                self.assertEqual(stacks.lines_of("one"), {7})
                self.assertEqual(stacks.lines_of("three"), {8})

    def test_first_line_of_an_interpreter_never_seen_is_sampled(self):
        """All of the process's CPU time, its start included, is in the profile."""
        binary = self.path("python-of-today")
        with open(python("system"), "rb") as source, open(binary, "wb") as copy:
            copy.write(source.read())
        os.chmod(binary, 0o755)
        out = self.path("cpu")
        code = ("import time\nwhile time.process_time() < 0.2: pass\n"
                "open(%r, 'w').write(str(time.process_time()))" % out)
        stacks = self.record("-r", "997", "--", binary, "-I", "-S", "-c", code)
        with open(out) as file:
            used = float(file.read())
        self.assertGreater(stacks.total / 997 / used, 0.85)

    def test_children_by_fork_and_by_spawn_are_seen(self):
        for method in ("fork", "spawn"):
            with self.subTest(method=method):
                script = self.path("children.py")
                with open(script, "w") as file:
                    file.write("import multiprocessing, time\n"
                               "def child():\n"
                               "    while time.process_time() < 0.3: pass\n"
                               "if __name__ == '__main__':\n"
                               "    multiprocessing.set_start_method(%r)\n"
                               "    p = multiprocessing.Process(target=child)\n"
                               "    p.start(); p.join()\n" % method)
                stacks = self.record("-r", "997", "--", python("3.12"), script)
                self.assertGreater(stacks.under("child") / 997, 0.2)

    def test_python_below_a_shell_is_seen(self):
        code = "import time\ndef inner():\n  while time.process_time() < 0.3: pass\ninner()"
        stacks = self.record("-r", "997", "--", "sh", "-c", '"$0" -c "$1"; true', python(), code)
        self.assertGreater(stacks.under("inner") / 997, 0.2)

    def test_others_are_not(self):
        with agent.Program([python(), "-c", "print('READY', flush=True)\n"
                            "def stranger():\n  while True: pass\nstranger()"]) as other:
            other.wait_ready()
            stacks = self.record("-r", "997", "--", python(), "-c", SHARES.format(0.1))
        self.assertEqual(stacks.under("stranger"), 0)


class BeingTransparent(RecordTest):
    def test_exit_status_is_the_commands(self):
        for status in (0, 3, 255):
            done = profd("record", "-o", self.output, "--", python(), "-c",
                         "import sys\nfor i in range(10**6): pass\nsys.exit(%d)" % status)
            self.assertEqual(done.returncode, status, done.stderr)
            os.unlink(self.output)

    def test_death_by_a_signal_is_told_as_a_shell_does(self):
        done = profd("record", "-o", self.output, "--", python(), "-c",
                     "import os\nfor i in range(3*10**6): pass\nos.kill(os.getpid(), 9)")
        self.assertEqual(done.returncode, 128 + signal.SIGKILL)
        self.assertGreater(Stacks(self.output).total, 0)

    def test_arguments_directory_environment_and_streams_are_passed_on(self):
        words = ["[1,2]", "--", "-p", "3", "", "ä b"]
        done = subprocess.run(
            [os.environ["PROFD"], "record", "-q", "-o", self.output, "--", python(), "-c",
             "import os, sys\n"
             "print(sys.argv[1:], os.getcwd(), os.environ['SOME'], sys.stdin.read())\n"
             "for i in range(3*10**6): pass", *words],
            cwd=self.folder, env=dict(os.environ, SOME="thing", PYTHONUTF8="1"), input="typed",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS)
        self.assertEqual(done.stdout, "%r %s thing typed\n" % (words, os.path.realpath(self.folder)))
        self.assertEqual(done.stderr, "")

    def test_signals_and_descriptors_are_as_they_were(self):
        report = ("import os, signal\n"
                  "print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),\n"
                  "      [s for s in range(1, 32) if signal.getsignal(s) == signal.SIG_IGN],\n"
                  "      sorted(os.listdir('/proc/self/fd')))\n")
        plain = subprocess.run([python(), "-c", report], stdout=subprocess.PIPE, text=True,
                               stdin=subprocess.DEVNULL)
        done = profd("record", "-o", self.output, "--", python(), "-c", report)
        self.assertEqual(done.stdout, plain.stdout)

    def test_command_that_does_not_exist_is_127_and_one_that_cannot_run_126(self):
        for command, status in (("no-such-command", 127), ("/no/such/command", 127),
                                ("/etc/passwd", 126)):
            done = profd("record", "-o", self.output, "--", command)
            self.assertEqual(done.returncode, status)
            self.assertIn(command, done.stderr)
        self.assertEqual(self.files(), [])

    def test_command_that_is_not_python_or_ends_at_once_keeps_its_status(self):
        for command, status in ((["true"], 0), (["false"], 1), (["sh", "-c", "exit 9"], 9)):
            done = profd("record", "-o", self.output, "--", *command)
            self.assertEqual(done.returncode, status)
            self.assertIn("no Python", done.stderr)
        self.assertEqual(self.files(), [])

    def test_command_runs_on_after_the_duration(self):
        begin = time.monotonic()
        done = profd("record", "-d", "500ms", "-o", self.output, "--", python(), "-c",
                     "import time\nend = time.monotonic() + 2\n"
                     "while time.monotonic() < end: pass\nprint('done')")
        self.assertGreater(time.monotonic() - begin, 2)
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assertGreater(Stacks(self.output).total, 0)

    def test_termination_is_passed_on_and_the_recording_written(self):
        code = ("import signal, sys\n"
                "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
                "print('READY', flush=True)\n"
                "while True: pass")
        with start("record", "-o", self.output, "--", python(), "-c", code) as process:
            process.stdout.readline()
            time.sleep(0.3)  # of CPU time to be seen
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(LIMIT_SECONDS), 5)
        self.assertGreater(Stacks(self.output).total, 0)

    def test_command_is_the_invoking_users_behind_sudo(self):
        nobody = pwd.getpwnam("nobody")
        code = ("import os\n"
                "print(os.getresuid(), os.getresgid(), os.getgroups(), os.environ['USER'])\n"
                "for i in range(3*10**6): pass")
        done = profd("record", "-o", self.output, "--", "/usr/bin/python3", "-c", code,
                     env=dict(os.environ, SUDO_UID=str(nobody.pw_uid), SUDO_GID=str(nobody.pw_gid)))
        uid, gid = nobody.pw_uid, nobody.pw_gid
        self.assertEqual(done.stdout, "%s %s [%d] nobody\n" % ((uid,) * 3, (gid,) * 3, gid))
        written = os.stat(self.output)
        self.assertEqual((written.st_uid, written.st_gid), (uid, gid))

    def test_command_behind_sudo_has_the_environment_that_was_typed(self):
        """The real sudo, with rules of its own for nobody: found on nobody's PATH, as nobody."""
        if shutil.which("sudo") is None:
            self.skipTest("no sudo here")
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no mount namespace can be made here")
        os.chmod(self.path(""), 0o755)
        rules, tool = self.path("sudoers"), self.path("bin/profd-test-tool")
        with open(rules, "w") as file:
            file.write('Defaults secure_path="/usr/bin:/bin"\nnobody ALL=(ALL) NOPASSWD: ALL\n')
        os.chmod(rules, 0o440)
        os.mkdir(self.path("bin"))
        os.chmod(self.path("bin"), 0o755)
        with open(tool, "w") as file:
            file.write("#!/usr/bin/python3\nimport json, os\nfor i in range(3*10**6): pass\n"
                       "print(json.dumps([os.getuid(), dict(os.environ)]))\n")
        os.chmod(tool, 0o755)
        nobody = pwd.getpwnam("nobody")
        typed = {"PATH": self.path("bin") + ":/usr/bin:/bin", "HOME": "/home/me", "MARK": "a=b",
                 "VIRTUAL_ENV": self.path("")}
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/sudoers && exec "$@"', rules,
             "setpriv", "--reuid=%d" % nobody.pw_uid, "--regid=%d" % nobody.pw_gid, "--clear-groups",
             "env", "-i", *("%s=%s" % pair for pair in typed.items()),
             "sudo", "-n", "GIVEN=by sudo", os.environ["PROFD"], "record", "-o", self.output, "--",
             "profd-test-tool"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=LIMIT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        uid, environment = json.loads(done.stdout)
        self.assertEqual(uid, nobody.pw_uid)
        environment.pop("LC_CTYPE", None)  # Python's own
        self.assertEqual(environment, dict(typed, GIVEN="by sudo"))
        self.assertGreater(Stacks(self.output).total, 0)

    def test_nothing_runs_without_privilege(self):
        done = profd("record", "-o", "/tmp/never.collapsed", "--", "touch", self.path("ran"),
                     preexec_fn=lambda: os.setresuid(65534, 65534, 65534))
        self.assertEqual(done.returncode, 1)
        self.assertIn("CAP_BPF", done.stderr)
        self.assertEqual(self.files(), [])


class Terminal(RecordTest):
    """In the foreground of a terminal of its own."""

    def on_terminal(self, *command):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(os.environ["PROFD"], [os.environ["PROFD"], "record", "-o", self.output, *command])
        self.addCleanup(os.close, terminal)
        return pid, terminal

    @staticmethod
    def read_until(terminal, text):
        seen = b""
        while text not in seen:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # EIO: its last process has gone
                break
            if not data:
                break
            seen += data
        return seen

    def test_interrupt_goes_to_the_command_and_the_recording_is_written(self):
        code = ("import sys, time\n"
                "assert sys.stdin.isatty() and sys.stdout.isatty()\n"
                "try:\n"
                "    print('READY', flush=True)\n"
                "    while True: pass\n"
                "except KeyboardInterrupt:\n"
                "    print('interrupted', flush=True)\n"
                "    while time.process_time() < 0.5: pass\n"
                "    sys.exit(4)\n")
        pid, terminal = self.on_terminal("--", python(), "-c", code)
        self.read_until(terminal, b"READY")
        os.write(terminal, b"\x03")
        seen = self.read_until(terminal, b"wrote")
        self.assertIn(b"interrupted", seen)
        self.assertNotIn(b"\x1b[K", seen)  # the command has the terminal to itself
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 4)
        self.assertGreater(Stacks(self.output).total, 0)

    def test_command_that_ignores_interrupts_is_recorded_on(self):
        code = ("import signal, time\n"
                "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                "print('READY', flush=True)\n"
                "def after():\n"
                "    end = time.process_time() + 1\n"
                "    while time.process_time() < end: pass\n"
                "input()\n"
                "after()\n")
        pid, terminal = self.on_terminal("--", python(), "-c", code)
        self.read_until(terminal, b"READY")
        os.write(terminal, b"\x03\x03\n")
        self.read_until(terminal, b"wrote")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertGreater(Stacks(self.output).under("after"), 0)

    def test_progress_is_shown_for_processes(self):
        with agent.Program([python(), "-c", "print('READY', flush=True)\nwhile True: pass"]) as program:
            program.wait_ready()
            pid, terminal = self.on_terminal("-p", str(program.pid))
            seen = self.read_until(terminal, b"samples")
            time.sleep(1.5)  # the first line may tell of none, and a recording without any fails
            os.write(terminal, b"\x03")
            seen += self.read_until(terminal, b"wrote")
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertIn(b"\x1b[K", seen)


if __name__ == "__main__":
    unittest.main()
