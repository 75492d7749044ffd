"""Ways to become a Python process."""
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import unittest

from agent import Agent, Program, Seen, WORKLOADS, burn_until, wait_until
import pythons

CPU = "time.process_time() < %s"


def spend(command, **options):
    """Runs a program to its end: its PID, its name by our own choice, and its CPU seconds."""
    child = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        raise AssertionError("%s ended with %d" % (command, status))
    return child.pid, usage.ru_utime + usage.ru_stime


def other_agents():
    return subprocess.run(["pgrep", "^profd"], stdout=subprocess.DEVNULL).returncode == 0


class Finding(unittest.TestCase):
    # Pitfall 13
    def test_every_exec_from_a_shell_is_registered(self):
        for name in ("3.11", "system"):
            with self.subTest(name), Agent(rate=999) as agent:
                python = pythons.executable(name)
                code = pythons.burner("execed", CPU % 0.06)
                pids = [spend(["sh", "-c", 'exec "$0" -I -S -c "$1"', python, code])[0]
                        for _ in range(50)]
                seen = Seen(agent.stop().profiles())
                self.assertEqual([pid for pid in pids if "execed" not in seen.names(pid)], [])

    # Pitfall 14
    def test_three_wrappers_that_exec(self):
        with Agent() as agent:
            pid, _ = spend([os.path.join(WORKLOADS, "exec_chain.sh"), pythons.executable("3.11"),
                            "-c", pythons.burner("wrapped", CPU % 0.3)])
            self.assertIn("wrapped", Seen(agent.stop().profiles()).names(pid))

    # Pitfall 15, Pitfall 30: no "python" in the name, libpython loaded late, 40 pthread keys.
    def test_embedder_with_late_dlopen(self):
        embed = os.path.join(os.environ["PROFD_BUILD"], "tests", "workloads", "embed")
        if not os.path.exists(embed):
            self.skipTest("the target workload_embed is not built")
        for name in ("3.6", "3.8", "3.11", "3.13"):
            with self.subTest(name):
                library, prefix, _ = pythons.libpython(name)
                environment = dict(os.environ, PYTHONHOME=prefix)
                with tempfile.TemporaryDirectory() as folder, Agent() as agent:
                    renamed = shutil.copy(embed, os.path.join(folder, "app-server"))
                    with Program([renamed, library, os.path.join(WORKLOADS, "shares.py"), "0"],
                                 env=environment) as program:
                        burn_until([program.wait_ready()], 0.5)
                    seen = Seen(agent.stop().profiles())
                    self.assertGreater(seen.python_ns[program.pid],
                                       0.9 * seen.cpu_ns[program.pid])
                    self.assertGreater(seen.cpu_ns[program.pid], 0.3e9)

    # Pitfall 16
    def test_forks_keep_their_names(self):
        for mode in ("fork", "prefork", "mp-fork", "mp-spawn", "mp-forkserver"):
            with self.subTest(mode), Agent(rate=999) as agent:
                with Program(pythons.find("3.11").command("fork_modes.py", [3, mode])) as program:
                    answer = program.wait_ready().finish()
                seen = Seen(agent.stop().profiles())
                named = sum(functions[answer["function"]] for functions in seen.functions.values())
                print(mode, "named %.1f%%" % (named / 1e7 / answer["cpu"]))
                self.assertGreater(named, 0.95e9 * answer["cpu"])

    # Pitfall 17
    def test_parent_of_a_storm_of_vforks_stays_registered(self):
        with Agent(rate=999) as agent:
            with Program(pythons.find("3.11").command("fork_modes.py", [3, "storm"])) as program:
                answer = program.wait_ready().finish()
            seen = Seen(agent.stop().profiles())
            self.assertGreater(answer["children"], 50)
            self.assertGreater(seen.functions[program.pid]["storm"], 0.95e9 * answer["cpu"])

    # Pitfall 18
    def test_worker_outlives_the_main_thread(self):
        for known in (False, True):
            with self.subTest(agent_first=known):
                command = pythons.find("3.11").command("main_exits.py", [8])
                if known:
                    with Agent() as agent, Program(command) as program:
                        burn_until([program.wait_ready()], 0.5)
                        seen = Seen(agent.stop().profiles())
                else:
                    with Program(command) as program:
                        program.wait_ready()
                        with Agent() as agent:
                            burn_until([program], 0.5)
                            seen = Seen(agent.stop().profiles())
                self.assertGreater(seen.functions[program.pid]["survivor"], 0.25e9)

    # Pitfall 19
    def test_reused_pid_has_its_own_names(self):
        """In a PID namespace of its own, ns_last_pid gives the next process the PID just used."""
        script = r'''
import os, subprocess, sys, time
def used(pid, source):
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(pid - 1))
    child = subprocess.Popen([sys.argv[1], "-I", "-S", "-c", source])
    assert child.pid == pid, child.pid
    child.wait()
for turn in range(10):
    used(3000, %r)
    used(3000, %r)
''' % (pythons.burner("first_life", CPU % 0.1), pythons.burner("second_life", CPU % 0.1))
        with Agent(rate=999) as agent:
            done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc",
                                   pythons.executable("3.11"), "-c", script,
                                   pythons.executable("3.11")], stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                self.skipTest("no PID can be chosen here: " + done.stderr[-200:])
            seen = Seen(agent.stop().profiles())
        both = [pid for pid in seen.functions
                if {"first_life", "second_life"} <= seen.names(pid)]
        self.assertEqual(both, [])  # their PIDs outside differ, and neither has the other's names
        for name in ("first_life", "second_life"):
            total = sum(functions[name] for functions in seen.functions.values())
            self.assertGreater(total, 0.8e9)

    # Pitfall 21
    def test_binary_replaced_while_it_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            old = shutil.copy(pythons.executable("system"), os.path.join(folder, "python3"))
            version = pythons.find("system").version_text
            code = "print('READY', flush=True)\n" + pythons.burner("unlinked")
            with Program([old, "-I", "-S", "-c", code]) as program:
                program.wait_ready()
                os.unlink(old)
                shutil.copy("/bin/true", old)
                with Agent() as agent:
                    burn_until([program], 0.5)
                    seen = Seen(agent.stop().profiles())
            self.assertIn("unlinked", seen.names(program.pid))
            self.assertEqual(seen.versions[program.pid], {version})

    def test_copies_that_are_deleted_hide_no_new_ones(self):
        """Taking probes off a deleted file is slow; meanwhile others start."""
        real = pythons.executable("system")
        prefix = pythons.find("system").run(["-c", "import sys; print(sys.base_prefix)"], stdout=-1,
                                            universal_newlines=True).stdout.strip()
        environment = dict(os.environ, PYTHONHOME=prefix)
        with tempfile.TemporaryDirectory() as folder, Agent(rate=999) as agent:
            copies = [shutil.copy(real, os.path.join(folder, "copy%d" % i)) for i in range(16)]
            for copy in copies:
                spend([copy, "-I", "-S", "-c", pythons.burner("first", CPU % 0.05)],
                      env=environment)
            wait_until(lambda: sum("copy" in line and "probes=" in line for line in agent.log) == 16,
                       "all have probes")
            for copy in copies:
                os.unlink(copy)
            pids = []
            for i in range(16):
                fresh = shutil.copy(real, os.path.join(folder, "fresh%d" % i))
                pids.append(spend([fresh, "-I", "-S", "-c", pythons.burner("fresh", CPU % 0.1)],
                                  env=environment)[0])
                os.unlink(fresh)
            seen = Seen(agent.stop().profiles())
        self.assertEqual([pid for pid in pids if "fresh" not in seen.names(pid)], [])

    # Pitfall 21
    def test_libpython_replaced_in_place(self):
        """The same inode holds another version afterwards: no probe of the old may stay in it."""
        versions = {name: pythons.libpython(name) for name in ("3.11", "3.12")}
        if other_agents():
            self.skipTest("another profd runs here: its probes are not ours to wait for")
        with tempfile.TemporaryDirectory() as folder, Agent(rate=999) as agent:
            library = os.path.join(folder, "libpython.so")
            embed = os.path.join(os.environ["PROFD_BUILD"], "tests", "workloads", "embed")
            for turn in range(6):
                name = ("3.11", "3.12")[turn % 2]
                path, prefix, _ = versions[name]
                with open(path, "rb") as new, open(library, "r+b" if turn else "wb") as file:
                    file.truncate()
                    shutil.copyfileobj(new, file)
                # A breakpoint goes some milliseconds after the first byte is written; a process that
                # starts in between would meet it, with every tracer that uses uprobes.
                wait_until(lambda: sum("changed=" in line for line in agent.log) >= turn,
                           "the probes are off the old file", 10)
                environment = dict(os.environ, PYTHONHOME=prefix)
                with Program([embed, library, os.path.join(WORKLOADS, "shares.py"), "0"],
                             env=environment) as program:
                    burn_until([program.wait_ready()], 0.5)
                    self.assertIsNone(program.process.poll(), "the new interpreter died")
                    versions[turn] = (program.pid, name)
            seen = Seen(agent.stop().profiles())
        for turn in range(6):
            pid, name = versions[turn]
            self.assertGreater(seen.python_ns[pid], 0.3e9)
            # Not those of `pid` as a whole: before its exec it was a fork of this test's interpreter.
            self.assertEqual(seen.versions_in[pid, "sixty"], {pythons.find(name).version_text})

    # Pitfall 21
    def test_overlay_mount(self):
        python = pythons.executable("system")
        code = pythons.burner("overlaid", CPU % 0.3)
        script = r'''
            d=$(mktemp -d); mount -t tmpfs tmpfs "$d"
            mkdir "$d/lower" "$d/upper" "$d/work" "$d/merged"; cp "$0" "$d/lower/python3"
            mount -t overlay overlay -o lowerdir="$d/lower",upperdir="$d/upper",workdir="$d/work" \
                "$d/merged" || exit 77
            exec "$d/merged/python3" -I -S -c "$1"'''
        with Agent() as agent:
            child = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, python, code])
            if child.wait() == 77:
                self.skipTest("no overlay mounts here")
            self.assertEqual(child.returncode, 0)
            self.assertIn("overlaid", Seen(agent.stop().profiles()).names(child.pid))

    # Pitfall 22
    def test_equal_pids_in_two_namespaces(self):
        with Agent(rate=999) as agent:
            living = [subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc",
                                        pythons.executable("3.11"), "-I", "-S", "-c",
                                        pythons.burner(name, CPU % 1.0)])
                      for name in ("left", "right")]
            for child in living:
                self.assertEqual(child.wait(), 0)
            seen = Seen(agent.stop().profiles())
        for name, other in (("left", "right"), ("right", "left")):
            pids = [pid for pid in seen.functions if name in seen.names(pid)]
            self.assertEqual(len(pids), 1)
            self.assertNotIn(other, seen.names(pids[0]))
            self.assertGreater(seen.functions[pids[0]][name], 0.9e9)

    # Pitfall 24
    def test_copy_relocated_runtime(self):
        for name in ("3.8", "3.11", "3.13"):
            library, prefix, include = pythons.libpython(name)
            for agent_first in (True, False):
                with self.subTest(name, agent_first=agent_first), \
                        tempfile.TemporaryDirectory() as folder:
                    program = os.path.join(folder, "embedder")
                    done = subprocess.run(
                        ["cc", "-no-pie", "-fno-pic", os.path.join(WORKLOADS, "copyreloc.c"), "-o",
                         program, library, "-Wl,-rpath," + os.path.dirname(library)],
                        stderr=subprocess.PIPE, text=True)
                    if done.returncode != 0:
                        self.skipTest("cannot be linked here: " + done.stderr[-200:])
                    self.copy_relocated(program, prefix, agent_first)

    def copy_relocated(self, program, prefix, agent_first):
        code = "print('READY', flush=True)\n" + pythons.burner("copied")
        environment = dict(os.environ, PYTHONHOME=prefix)

        def start():
            return Program([program, "-I", "-S", "-c", code], env=environment)

        if agent_first:
            with Agent() as agent, start() as running:
                burn_until([running.wait_ready()], 1)
                seen = Seen(agent.stop().profiles())
        else:
            with start() as running:
                running.wait_ready()
                with Agent() as agent:
                    burn_until([running], 1)
                    seen = Seen(agent.stop().profiles())
        self.assertGreater(seen.functions[running.pid]["copied"], 0.9 * seen.cpu_ns[running.pid])
        self.assertGreater(seen.cpu_ns[running.pid], 0.5e9)

    def test_exec_from_one_python_into_another(self):
        with Agent(rate=999) as agent:
            second = pythons.burner("in_second", CPU % 0.6)
            first = pythons.burner("in_first", CPU % 0.3) + (
                "import os; os.execv(%r, [%r, '-I', '-S', '-c', %r])" %
                (pythons.executable("3.8"), "python", second))
            pid, cpu = spend([pythons.executable("3.13"), "-I", "-S", "-c", first])
            seen = Seen(agent.stop().profiles())
        self.assertGreater(seen.functions[pid]["in_first"], 0.2e9)
        self.assertGreater(seen.functions[pid]["in_second"], 0.2e9)
        versions = {pythons.find(name).version_text for name in ("3.8", "3.13")}
        # Before its first exec the child is a copy of this very Python.
        self.assertLessEqual(seen.versions[pid] - {platform.python_version()}, versions)
        self.assertGreaterEqual(seen.versions[pid], versions)
        # One PID, two programs: the time of the first is not told twice.
        self.assertAlmostEqual(seen.clock_seconds[pid], cpu, delta=0.05 * cpu)

    def test_cpu_of_a_program_before_python_is_not_told(self):
        python = """
import sys, time
before = time.process_time()
print(before, file=open(sys.argv[1], "w"))
def after():
    while time.process_time() < before + 0.5:
        pass
after()
"""
        shell = 'i=0; while [ $i -lt 600000 ]; do i=$((i+1)); done; exec "$0" -I -S -c "$1" "$2"'
        for name in ("3.12", "system"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder, Agent(interval="1s") as agent:
                told = os.path.join(folder, "before")
                pid, cpu = spend(["sh", "-c", shell, pythons.executable(name), python, told])
                seen = Seen(agent.stop().profiles())
                with open(told) as file:
                    before = float(file.read())
                self.assertGreater(before, 0.3)
                # The interpreter's own start is Python's.
                self.assertAlmostEqual(seen.clock_seconds[pid], cpu - before, delta=0.1)

    def test_cpu_of_threads_that_end_together(self):
        code = r'''
import hashlib, threading, time
data, end = bytes(1 << 20), time.monotonic() + 1
def hashed():
    while time.monotonic() < end:
        hashlib.sha256(data)
    time.sleep(60)
for _ in range(8):
    threading.Thread(target=hashed, daemon=True).start()
time.sleep(1.2)
'''
        with Agent() as agent:
            pid, cpu = spend([pythons.executable("3.11"), "-I", "-c", code])
            seen = Seen(agent.stop().profiles())
        self.assertAlmostEqual(seen.clock_seconds[pid], cpu, delta=0.05 * cpu)


if __name__ == "__main__":
    unittest.main()
