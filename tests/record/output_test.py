"""profd record: what is written, where, and what happens when it cannot be."""
import gzip
import json
import os
import signal
import subprocess
import time
import unittest

from recording import CPU, LIMIT_SECONDS, SHARES, RecordTest, Stacks, profd, python, read_pprof, start
import agent

SECONDS = 0.25  # of one(); three() takes three times as long


class Formats(RecordTest):
    def write(self, name, *arguments):
        path = self.path(name)
        done = profd("record", "-r", "997", "-o", path, *arguments, "--", python("3.12"), "-c",
                     SHARES.format(SECONDS))
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def assert_shares(self, one, three):
        self.assertGreater(one, 0)
        self.assertAlmostEqual(three / one, 3, delta=0.6)

    def test_pprof(self):
        profile = read_pprof(self.write("out.pb.gz"))
        total = {"one": 0, "three": 0}
        for sample in profile.samples:
            for name in total:
                if any(frame.function == name for frame in sample.frames):
                    total[name] += sample.values[CPU]
        self.assert_shares(total["one"], total["three"])
        self.assertAlmostEqual(total["one"] / 1e9, SECONDS, delta=0.1)

    def test_collapsed_also_compressed_and_by_py_spys_name(self):
        with gzip.open(self.write("out.collapsed.gz"), "rb") as packed:
            with open(self.path("plain"), "wb") as plain:
                plain.write(packed.read())
        for path in (self.path("plain"), self.write("out", "-f", "raw")):
            stacks = Stacks(path)
            self.assert_shares(stacks.under("one"), stacks.under("three"))

    def test_speedscope(self):
        with open(self.write("out.speedscope.json", "-f", "speedscope")) as file:
            document = json.load(file)
        names = [frame["name"] for frame in document["shared"]["frames"]]
        total = {"one": 0, "three": 0}
        for profile in document["profiles"]:
            if profile["type"] != "sampled":
                continue
            for stack, weight in zip(profile["samples"], profile["weights"]):
                for name in total:
                    if any(names[frame].split(" ")[0] == name for frame in stack):
                        total[name] += weight
        self.assert_shares(total["one"], total["three"])

    def test_times_are_of_the_run(self):
        """The first function's samples fall before the second's, and all into the run."""
        begin = time.time()
        path = self.write("out.firefox.json", "-f", "firefox")
        end = time.time()
        with open(path) as file:
            document = json.load(file)
        start = document["meta"]["startTime"] / 1e3
        self.assertGreaterEqual(start, begin - 1)
        self.assertLessEqual(start, end)

    def test_html_is_one_page(self):
        with open(self.write("out.html")) as file:
            page = file.read()
        self.assertIn("<html", page)
        self.assertNotIn("src=\"http", page)

    def test_function_and_no_lines(self):
        self.assertEqual(Stacks(self.write("f.collapsed", "-F")).lines_of("burn"), {3})
        self.assertEqual(Stacks(self.write("n.collapsed", "--nolineno")).lines_of("burn"), set())

    def test_lines_of_py_spys_users_work(self):
        """Flags for what is always so are taken; --native says what it shows."""
        done = profd("record", "-o", self.output, "-d", "10", "-r", "100", "-s", "-t", "-n", "-F",
                     "--nonblocking", "--nolineno", "--full-filenames", "--", python(), "-c",
                     SHARES.format(SECONDS))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("native", done.stderr)
        self.assertGreater(Stacks(self.output).total, 0)


class Places(RecordTest):
    def command(self):
        return ["--", python(), "-c", SHARES.format(SECONDS)]

    def test_name_of_ours_replaces_nothing(self):
        for _ in range(3):
            done = profd("record", "-f", "collapsed", *self.command(), cwd=self.folder)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.files()), 3, self.files())

    def test_standard_output(self):
        for place in ("-", "/dev/stdout"):
            done = profd("record", "-f", "collapsed", "-o", place, *self.command())
            with open(self.output, "w") as file:
                file.write(done.stdout)
            self.assertGreater(Stacks(self.output).under("three"), 0)
        self.assertTrue(os.path.exists("/dev/stdout"))

    def test_output_that_cannot_be_written_is_said_before_anything_runs(self):
        for output in ("/no/such/folder/x.collapsed", self.folder):
            done = profd("record", "-f", "collapsed", "-o", output, "--", "touch", self.path("ran"))
            self.assertIn(done.returncode, (1, 2))
            self.assertIn("--output", done.stderr)
        self.assertEqual(self.files(), [])

    def test_full_disk_leaves_the_old_file_and_no_other(self):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk])
        if mounted.returncode != 0:
            self.skipTest("cannot mount a file system")
        self.addCleanup(subprocess.run, ["umount", disk])
        output = os.path.join(disk, "out.collapsed")
        with open(output, "w") as file:
            file.write("old\n")
        with open(os.path.join(disk, "filler"), "wb") as file:
            file.write(b"x" * 60 * 1024)  # the page left is the old file's
        done = profd("record", "-o", output, *self.command())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No space left", done.stderr)
        with open(output) as file:
            self.assertEqual(file.read(), "old\n")
        self.assertEqual(sorted(os.listdir(disk)), ["filler", "out.collapsed"])

    def test_second_interrupt_ends_a_writing_that_blocks(self):
        os.mkfifo(self.path("fifo"))
        with agent.Program([python(), "-c", "print('READY', flush=True)\nwhile True: pass"]) as program:
            program.wait_ready()
            with start("record", "-f", "collapsed", "-o", self.path("fifo"),
                       "-p", str(program.pid)) as recording:
                time.sleep(2)
                recording.send_signal(signal.SIGINT)
                time.sleep(2)
                self.assertIsNone(recording.poll())  # nobody reads
                recording.send_signal(signal.SIGINT)
                self.assertEqual(recording.wait(LIMIT_SECONDS), -signal.SIGINT)


if __name__ == "__main__":
    unittest.main()
