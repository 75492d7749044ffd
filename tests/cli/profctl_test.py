#!/usr/bin/env python3
"""profctl as its users type it: output, exit codes, colours, and what it says when there is nothing.

usage: profctl_test.py PROFCTL
"""
import gzip
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

PROFCTL = sys.argv[1]
PERIOD_NS = 10_000_000
STRINGS = ["", "samples", "count", "cpu", "nanoseconds", "python", "comm", "web"]


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def profile(counts, file="/srv/app/main.py", start=1_700_000_000, seconds=10):
    """A pprof file of stacks main → NAME, with so many samples each."""
    strings = STRINGS + [file, "main"] + list(counts)
    out = field(1, field(1, 1) + field(2, 2)) + field(1, field(1, 3) + field(2, 4))
    out += field(3, field(1, 1) + field(5, 5))
    for i in range(len(counts) + 1):
        out += field(5, field(1, i + 1) + field(2, len(STRINGS) + 1 + i) + field(4, len(STRINGS)) +
                     field(5, 10 * (i + 1)))
        line = field(1, i + 1) + field(2, 10 * (i + 1) + 1)
        out += field(4, field(1, i + 1) + field(2, 1) + field(4, line))
    for i, count in enumerate(counts.values()):
        label = field(1, 6) + field(2, 7)
        out += field(2, field(1, varint(i + 2) + varint(1)) +
                     field(2, varint(count) + varint(count * PERIOD_NS)) + field(3, label))
    for text in strings:
        out += field(6, text.encode())
    out += field(9, start * 10**9) + field(10, seconds * 10**9) + field(12, PERIOD_NS)
    return gzip.compress(out)


class Profctl(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def write(self, name, counts, **facts):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(profile(counts, **facts))
        return path

    def run_profctl(self, *arguments, code=0, **environment):
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
        done = subprocess.run([PROFCTL, *map(str, arguments)], capture_output=True, text=True,
                              env={**env, "TZ": "UTC", **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code in (0, 3) else done.stderr

    def test_report_adds_up_a_directory(self):
        self.write("d/a-cpu.pb.gz", {"f": 30, "g": 70})
        self.write("d/b-cpu.pb.gz", {"f": 50}, start=1_700_000_010)
        self.write("d/.hidden.pb.gz", {"h": 1})
        data = json.loads(self.run_profctl("report", "--json", self.folder / "d"))
        rows = {row["name"]: row for row in data["rows"]}
        self.assertEqual((data["files"], data["samples"], data["duration_ns"]), (2, 150, 20 * 10**9))
        self.assertEqual(rows["f"]["self_ns"], 80 * PERIOD_NS)
        self.assertEqual(rows["main"]["cumulative_ns"], 150 * PERIOD_NS)
        self.assertAlmostEqual(rows["g"]["self_cores"], 0.7 / 20)
        self.assertLess(rows["g"]["self_share"]["low"], 70 / 150)
        self.assertGreater(rows["g"]["self_share"]["high"], 70 / 150)
        self.assertNotIn("h", rows)

    def test_no_memory_left_is_an_error_in_one_line(self):
        path = self.folder / "large.txt"
        with open(path, "w") as file:
            for i in range(800_000):
                file.write(";".join("f%d_%d" % (i, j) for j in range(10)) + " 1\n")
        tried = 0
        for megabytes in range(50, 151, 4):
            def limit():
                resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
            start = subprocess.run([PROFCTL, "--version"], capture_output=True, preexec_fn=limit)
            if start.returncode:
                continue  # not even the loader has room, or a sanitizer reserves more
            done = subprocess.run([PROFCTL, "report", path], capture_output=True, text=True,
                                  preexec_fn=limit)
            self.assertEqual((done.returncode, done.stderr), (1, "profctl: out of memory\n"), megabytes)
            tried += 1
        if not tried:
            self.skipTest("a sanitizer reserves more address space")

    def test_report_fits_the_terminal(self):
        path = self.write("a.pb.gz", {"a_function_of_a_rather_long_name" * 3: 50, "名前" * 30: 40})
        for columns in (60, 80, 200):
            for kind in (["--sort", "total"], ["--tree"], ["--by", "file"]):
                for line in self.run_profctl("report", path, *kind, COLUMNS=str(columns)).split("\n")[2:]:
                    width = sum(2 if ord(c) > 0x2E80 else 1 for c in line)
                    self.assertLessEqual(width, columns, line)

    def test_colours_only_where_they_are_wanted(self):
        path = self.write("a.pb.gz", {"f": 50})
        self.assertNotIn("\x1b", self.run_profctl("report", path))
        self.assertIn("\x1b", self.run_profctl("report", path, CLICOLOR_FORCE="1"))
        self.assertNotIn("\x1b", self.run_profctl("report", path, CLICOLOR_FORCE="1", NO_COLOR="1"))

    def test_names_cannot_drive_the_terminal_or_leave_their_cell(self):
        path = self.write("a.pb.gz", {"evil\x1b[2J|`x`\nrow": 50})
        self.assertNotIn("\x1b", self.run_profctl("report", path))
        rows = [line for line in self.run_profctl("report", "--markdown", path).split("\n")
                if "evil" in line]
        self.assertEqual(len(rows), 1)
        turned = self.write("b.pb.gz", {"a\u202eb\x9b31mc": 50})
        for flags in ([], ["--tree"], ["--markdown"]):
            self.assertIn("a?b?31mc", self.run_profctl("report", turned, *flags))
        for arguments in (["report", "--json"], ["convert", "-f", "collapsed"], ["convert", "-f", "speedscope"]):
            text = self.run_profctl(*arguments, turned)
            self.assertNotRegex(text, "[\u0080-\u009f\u202e]", arguments)
        folded = self.folder / "turned.folded"
        folded.write_text(self.run_profctl("convert", "-f", "collapsed", turned))
        self.assertEqual(self.run_profctl("convert", "-f", "collapsed", folded), folded.read_text())
        self.assertIn("evil?[2J\\|'x'?row", rows[0])

    def test_tree_callers_and_callees(self):
        path = self.write("a.pb.gz", {"f": 30, "g": 70})
        nodes = json.loads(self.run_profctl("report", "--tree", "--json", path))["nodes"]
        self.assertEqual([node.get("name") for node in nodes], [None, "main", "g", "f"])
        self.assertEqual(nodes[2]["parent"], 1)
        self.assertIn("main", self.run_profctl("report", "--callers", "f", path))
        self.assertNotIn("g", self.run_profctl("report", "--callees", "f", path).split("FUNCTION")[1])
        self.assertIn('no samples in a function "x"',
                      self.run_profctl("report", "--callers", "x", path, code=1))

    def test_a_tree_keeps_its_heaviest_path(self):
        deep = self.folder / "deep.folded"
        light = "".join(f"light{i};leaf{i} 30\n" for i in range(20))
        deep.write_text(light + ";".join(f"f{i}" for i in range(100)) + " 2000\n")
        shown = self.run_profctl("report", "--tree", deep)
        for i in range(55):
            self.assertRegex(shown, rf"\bf{i}\b")
        self.assertIn("… 1 more", shown)
        self.assertIn("… 20 more", shown)
        self.assertLess(shown.count("\n"), 75)

    def test_a_filter_has_the_room_that_reading_has(self):
        large = self.folder / "large.folded"
        with open(large, "w") as file:
            for i in range(1050):
                file.writelines(f"a{i};b{j} 1\n" for j in range(1050))
        for flags in ([], ["--ignore", "zzz"]):
            out = json.loads(self.run_profctl("report", "--json", "--rows", "1", *flags, large))
            self.assertEqual(out["rows"][0]["samples"], 1050)

    def test_what_cannot_be_printed_is_an_error(self):
        path = self.write("a.pb.gz", {"f": 30})
        for arguments in (["report", path], ["report", "--json", path], ["diff", path, path], ["man"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([PROFCTL, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE,
                                      text=True)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn("standard output", done.stderr)

    def test_standard_input_serves_all_that_is_asked_of_it(self):
        a, b = self.write("a.pb.gz", {"f": 2000}), self.write("b.pb.gz", {"f": 4000})
        for arguments in (["diff", "-", b], ["report", "--from", "-5m", "-", b], ["convert", "-f", "json", "-"]):
            subprocess.run([PROFCTL, *map(str, arguments)], input=a.read_bytes(), check=True,
                           stdout=subprocess.DEVNULL)

    def test_convert_takes_a_part(self):
        self.write("d/a-cpu.pb.gz", {"f": 30, "g": 70})
        self.write("d/b-cpu.pb.gz", {"f": 50}, start=1_700_003_600)
        stacks = self.run_profctl("convert", "-f", "collapsed", "--lines", "none", "--from", "+30m",
                                  self.folder / "d")
        self.assertEqual(stacks.split("\n")[:-1][0].split()[-1], "50")
        stacks = self.run_profctl("convert", "-f", "collapsed", "--ignore", "^g", self.folder / "d")
        self.assertNotIn(";g", stacks)
        self.assertIn("--from", self.run_profctl("convert", "-f", "json", "--from", "x", self.folder / "d", code=2))

    def test_annotation_shows_the_source_only_while_it_fits(self):
        source = self.folder / "main.py"
        lines = ["# nothing"] * 9 + ["def main():", "    f()"] + ["#"] * 8 + ["def f():", "    pass"]
        source.write_text("\n".join(lines))
        path = self.write("a.pb.gz", {"f": 50}, file=str(source), start=4_000_000_000)
        shown = self.run_profctl("report", "--annotate", "main.py", path)
        self.assertRegex(shown, r"0\.50s +100\.0% +0\.50s +21 +pass")
        self.assertRegex(shown, r"0\.50s +100\.0% +11 +f\(\)")
        self.assertNotIn("note:", shown)
        source.write_text("\n".join(["# new", *lines]))
        changed = self.run_profctl("report", "--annotate", "main.py", path)
        self.assertIn("has changed since", changed)
        self.assertNotIn("pass", changed)
        source.unlink()
        self.assertIn("source not found here", self.run_profctl("report", "--annotate", "main.py", path))

    def test_nothing_is_said_to_be_nothing(self):
        empty = self.write("e.pb.gz", {})
        path = self.write("a.pb.gz", {"f": 50})
        self.assertIn("No samples", self.run_profctl("report", empty))
        self.assertIn("No samples match", self.run_profctl("report", path, "--comm", "other"))
        self.assertIn("No samples match", self.run_profctl("report", path, "--from", "2030-01-01"))
        self.assertIn("B: no samples", self.run_profctl("diff", path, empty))
        self.assertIn("BASE has no samples",
                      self.run_profctl("check", empty, path, "--max-regression", "5%", code=1))

    def test_time_of_day_and_relative_times_choose_files(self):
        for i in range(6):  # from 22:13:20 on, ten seconds each
            self.write(f"d/{i}-cpu.pb.gz", {f"f{i}": 10}, start=1_700_000_000 + 10 * i)

        def names(*times):
            data = json.loads(self.run_profctl("report", "--json", *times, self.folder / "d"))
            return sorted(row["name"] for row in data["rows"] if row["name"] != "main")

        self.assertEqual(names("--from", "22:13:40", "--to", "22:14:00"), ["f2", "f3"])
        self.assertEqual(names("--from", "-20s"), ["f4", "f5"])
        self.assertEqual(names("--to", "+10s"), ["f0"])
        self.assertEqual(names("--from", "2023-11-14T22:14:10Z"), ["f5"])

    def test_merge_is_exact_and_does_not_mind_the_order(self):
        paths = [self.write(f"{i}.pb.gz", {"f": i + 1, f"g{i}": 2}) for i in range(5)]
        self.run_profctl("merge", *paths, "-o", self.folder / "x")
        self.run_profctl("merge", *reversed(paths), "-o", self.folder / "y")
        self.assertEqual((self.folder / "x").read_bytes(), (self.folder / "y").read_bytes())
        data = json.loads(self.run_profctl("report", "--json", self.folder / "x"))
        self.assertEqual(data["samples"], 15 + 10)
        self.assertEqual(data["duration_ns"], 50 * 10**9)
        self.assertIn("is one of the files", self.run_profctl("merge", paths[0], "-o", paths[0], code=2))

    def test_merge_counts_one_as_one(self):
        one = self.write("one.pb.gz", {"f": 1})
        two = self.write("two.pb.gz", {"f": 1, "g": 2})
        for files, said in ([one], "1 file, 1 stack →"), ([one, two], "2 files, 2 stacks →"):
            done = subprocess.run([PROFCTL, "merge", *files, "-o", self.folder / "x"],
                                  capture_output=True, text=True)
            self.assertIn(said, done.stderr)

    def test_who_may_read_a_file_is_up_to_the_umask(self):
        a = self.write("a.pb.gz", {"f": 1})
        for umask in (0o002, 0o077):
            for verb in ["merge", a], ["convert", a], ["diff", a, a]:
                made = self.folder / (verb[0] + (".pb.gz" if verb[0] == "merge" else ".svg"))
                subprocess.run([PROFCTL, *verb, "-o", made], capture_output=True, check=True,
                               umask=umask)
                self.assertEqual(made.stat().st_mode & 0o777, 0o666 & ~umask, verb)

    def test_check_fails_on_what_regressed_and_on_nothing_else(self):
        random.seed(5)
        base = self.write("base.pb.gz", {"f": 2000, "g": 8000})
        same = self.write("same.pb.gz", {"f": 2030, "g": 7970})
        slow = self.write("slow.pb.gz", {"f": 3000, "g": 8000}, file="/srv/app/main.py")
        check = ("check", base)
        self.assertIn("ok", self.run_profctl(*check, same, "--max-regression", "0%"))
        failed = self.run_profctl(*check, slow, "--max-regression", "5%", code=3)
        self.assertIn("f  /srv/app/main.py:20: 20.0% → 27.3%", failed)
        self.assertNotIn("g  ", failed)
        self.run_profctl(*check, slow, "--max-regression", "8%")
        cores = self.run_profctl(*check, slow, "--max-regression", "5%", "--metric", "cores", code=3)
        self.assertIn("all of it: 10.0 → 11.0", cores)
        verdict = json.loads(self.run_profctl(*check, slow, "--max-regression=5%", "--json", code=3))
        self.assertEqual([row["name"] for row in verdict["regressed"]], ["f"])

    def test_diff_lists_slower_and_faster_apart(self):
        a = self.write("a.pb.gz", {"f": 2000, "g": 8000, "gone": 100})
        b = self.write("b.pb.gz", {"f": 3000, "g": 7000, "fresh": 100})
        slower, faster = self.run_profctl("diff", a, b).split("takes less")
        self.assertIn("fresh (new)", slower)
        self.assertRegex(slower, r"19\.8% +29\.7% +\+9\.90 ±1\.\d\d")
        self.assertIn("gone (gone)", faster)
        self.assertIn("| `fresh` (new) |", self.run_profctl("diff", "--markdown", a, b))
        both = self.run_profctl("diff", f"{a},{b}", f"{b},{a}")
        self.assertEqual(both.count("nothing beyond noise"), 2)

    def test_diff_draws_what_takes_more_red_and_what_takes_less_blue(self):
        a = self.write("a.pb.gz", {"f": 2000, "g": 8000, "same": 3000, "gone": 100})
        b = self.write("b.pb.gz", {"f": 4000, "g": 6000, "same": 3000}, start=1_700_086_400)
        out = self.folder / "out.svg"
        self.assertEqual(self.run_profctl("diff", a, b, "-o", out), "")
        document = xml.dom.minidom.parse(str(out))
        frames = {g.getAttribute("data-n"): g for g in document.getElementsByTagName("g")
                  if g.hasAttribute("data-n")}

        def look(name):
            kind = frames[name].getElementsByTagName("rect")[0].getAttribute("class")
            return kind.rstrip("0123456789"), frames[name].getAttribute("data-m")

        self.assertEqual({name: look(name) for name in frames},
                         {"main": ("same", ""), "f": ("more", "▲"), "g": ("less", "▼"),
                          "same": ("same", "")})
        # Widths are of B; what each side had is told.
        self.assertAlmostEqual(float(frames["f"].getAttribute("data-w")), 4000 / 13000, 6)
        told = frames["f"].getElementsByTagName("title")[0].firstChild.data
        self.assertIn("A 15.27% → B 30.77% (+15.50)", told)
        details = [t for t in document.getElementsByTagName("text")
                   if t.getAttribute("id") == "details"][0].firstChild.data
        self.assertIn("1 frames are gone, with 0.76% of A", details)
        colours = re.findall(r"[.](more|less)\d\{fill:#(..)..(..)\}", out.read_text())
        self.assertEqual(len(colours), 10)
        for side, red, blue in colours:
            self.assertEqual(int(red, 16) > int(blue, 16), side == "more")

    def test_a_stream_is_written_to_not_replaced(self):
        a, b = (self.write(f"{name}.pb.gz", {"f": 2000}) for name in "ab")
        verbs = (["merge", a, b], ["convert", "-f", "svg", a], ["diff", "-f", "svg", a, b])
        for verb in verbs:
            for output in ("-", "/dev/stdout"):
                done = subprocess.run([PROFCTL, *verb, "-o", output], stdout=subprocess.PIPE, cwd=self.folder,
                                      stderr=subprocess.PIPE, check=True)
                self.assertTrue(done.stdout, verb)
            self.assertFalse((self.folder / "-").exists())
            fifo = self.folder / "fifo"
            os.mkfifo(fifo)
            with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE) as cat:
                self.run_profctl(*verb, "-o", fifo)
                self.assertEqual(cat.communicate()[0], done.stdout)
            self.assertTrue(fifo.is_fifo())
            fifo.unlink()
            (self.folder / "directory").mkdir(exist_ok=True)
            self.run_profctl(*verb, "-o", self.folder / "directory", code=1)

    def test_merge_refuses_the_extension_of_another_format(self):
        a, page = self.write("a.pb.gz", {"f": 2000}), self.folder / "page.html"
        self.assertIn("profctl convert", self.run_profctl("merge", a, "-o", page, code=2))
        self.assertFalse(page.exists())

    def test_filters_take_one_argument_each(self):
        a, b = (self.write(f"{name}.pb.gz", {"f": 2000}) for name in "ab")
        for flags in (["--hide-kind", "native,kernel"], ["--hide-kind=native", "--hide-kind", "kernel"]):
            out = json.loads(self.run_profctl("report", *flags, a, b, "--rows", "3", "--json"))
            self.assertEqual(out["samples"], 4000)
        self.assertIn("No samples match", self.run_profctl("report", "--pid", "1,2", a, "--rows", "3"))
        self.run_profctl("diff", "--hide-kind", "native", a, b, "--rows", "3")

    def test_diff_writes_the_page_and_stacks_with_two_counts(self):
        a = self.write("a.pb.gz", {"f": 2000, "gone": 100})
        b = self.write("b.pb.gz", {"f": 4000})
        self.assertEqual(self.run_profctl("diff", a, b, "-f", "collapsed"),
                         "main (/srv/app/main.py);f (/srv/app/main.py) 2000 4000\n"
                         "main (/srv/app/main.py);gone (/srv/app/main.py) 100 0\n")
        self.run_profctl("diff", f"{a},{b}", b, "-o", self.folder / "out.html")
        page = (self.folder / "out.html").read_text()
        for part in ('data-part="a"', 'data-part="b"', 'data-part="pprof-b"'):
            self.assertEqual(page.count(part), 1, part)
        self.run_profctl("diff", a, b, "-o", self.folder / "out.svg.gz")
        self.assertIn(b"<svg", gzip.decompress((self.folder / "out.svg.gz").read_bytes()))
        # Only frames of --comm; a side without any is a picture, too.
        self.assertEqual(self.run_profctl("diff", a, b, "-f", "collapsed", "--comm", "x"), "")
        self.run_profctl("diff", a, b, "-f", "svg", "--comm", "x")

    def test_wrong_use_names_what_is_wrong(self):
        path = self.write("a.pb.gz", {"f": 50})
        for arguments, message in (
                (["report", path, "--by", "colour"], '--by: "colour" is none of'),
                (["report", path, "--from", "noon"], '--from: "noon" is no time'),
                (["report", path, "--focus", "("], '--focus: "(" is no regular expression'),
                (["report", path, "--tree", "--callers", "f"], "only one of"),
                (["report", path, "--rowz", "3"], "did you mean --rows"),
                (["report", path, "--rows", "0"], "--rows: at least 1"),
                (["report", path, "--rows", "-1"], "--rows: at least 1"),
                (["report", path, "--json=3"], "--json takes no value"),
                (["reprot", path], "unknown argument reprot, did you mean report?"),
                (["check", path, path, "--max-regression", "5"], "no share such as 5%"),
                (["diff", path, path, "-o", "x.pb.gz"], "pprof cannot show a difference"),
                (["diff", path, path, "-o", "x.png"], "does not tell a format"),
                (["diff", path, path, "-o", "-"], "which format?"),
                (["diff", path, path, "-f", "svgg"], "did you mean svg"),
                (["diff", path, path, "-o", "x.svg", "--json"], "--json is of the table"),
                (["diff", path, path, "--metric", "x"], "--metric:")):
            self.assertIn(message, self.run_profctl(*arguments, code=2))
        self.assertIn("no wall time", self.run_profctl("report", path, "--value", "wall", code=1))
        self.assertIn("absent", self.run_profctl("report", self.folder / "absent", code=1))
        (self.folder / "d").mkdir()
        self.assertIn("no profiles", self.run_profctl("report", self.folder / "d", code=1))
        (self.folder / "noise").write_bytes(b"\x00\x01noise")
        self.assertIn("noise", self.run_profctl("report", self.folder / "noise", code=1))
        self.run_profctl("diff", self.folder / "noise", path, code=1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
