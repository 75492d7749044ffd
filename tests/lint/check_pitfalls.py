#!/usr/bin/env python3
"""Checks that docs/pitfalls.md has a row for each number in our comments, and names tests that exist.

usage: check_pitfalls.py [ROOT]         exit 1 and a line per fault
       check_pitfalls.py --self-test    proves on made-up trees that each rule can fail
"""
import glob
import os
import re
import sys
import tempfile

PAGE = "docs/pitfalls.md"
TREES = ("bpf", "symbolizer", "tests", "userspace")
ROW = re.compile(r"^\| (\d+) \| .* \| (.*) \|$", re.MULTILINE)
NUMBERS = re.compile(r"\bpitfall\s+(\d+)", re.IGNORECASE)
PLURAL = re.compile(r"\bpitfalls\s+\d", re.IGNORECASE)
GTEST = re.compile(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
PROPERTY = re.compile(r'^@property_of\("(\w+)"\)', re.MULTILINE)
# Tests that are a file each: what ctest puts before the name, the folder, what follows the name.
FILES = [("fuzz.", "tests/fuzz/", ".cc"), ("hostile.", "tests/hostile/", ".py"),
         ("lifecycle.", "tests/lifecycle/", "_test.py"),
         ("lifecycle.nightly.", "tests/lifecycle/", "_test.py")]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def check(root):
    page = read(os.path.join(root, PAGE))
    rows, faults, tests = dict(ROW.findall(page)), [], set()
    paths = [path for tree in TREES for path in glob.glob(os.path.join(root, tree, "**"), recursive=True)]
    for path in paths:
        text = read(path) if path.endswith((".c", ".cc", ".h", ".py", ".rs", ".sh")) else ""
        tests.update(".".join(names) for names in GTEST.findall(text))
        tests.update("e2e.%s.*" % name for name in PROPERTY.findall(text))
        if PLURAL.search(text) and not path.endswith("check_pitfalls.py"):
            faults.append("%s: write 'Pitfall' before each number" % path)
        for number in set(NUMBERS.findall(text)):
            if number not in rows:
                faults.append("%s: pitfall %s has no row in %s" % (path, number, PAGE))
    for prefix, folder, suffix in FILES:
        found = glob.glob(os.path.join(root, folder, "*" + suffix))
        registered = read(os.path.join(root, folder, "CMakeLists.txt")) if found else ""
        names = (os.path.basename(path)[:-len(suffix)] for path in found)
        tests.update(prefix + name for name in names if re.search(r"\b%s\b" % name, registered))
    if len(rows) != len(ROW.findall(page)):
        faults.append("%s: a number has two rows" % PAGE)
    for path in re.findall(r"`(\w[\w.-]*/[\w./-]*)`", page):
        if not os.path.exists(os.path.join(root, path)):
            faults.append("%s: there is no %s" % (PAGE, path))
    for number, column in rows.items():
        names = re.findall(r"`([^`/]+)`", column)
        faults += ["%s: pitfall %s: there is no test %s" % (PAGE, number, name)
                   for name in names if name not in tests]
        if not names and "no test yet" not in column:
            faults.append("%s: pitfall %s has no test, and does not say so" % (PAGE, number))
    return faults, len(rows)


# name, what the page says in the last column, the tests' source, the complaint (None: all is well)
TEST = "// Pitfall 1\nTEST_F(Walk,\n       Ends) {}\n"
SELF_TESTS = [
    ("sound", "`Walk.Ends`, `fuzz.walk`, `e2e.deep.*`, `tests/fuzz/walk.cc`", TEST, None),
    ("no test, said", "no test yet: no probes", TEST, None),
    ("number without a row", "`Walk.Ends`", TEST + "// Pitfall 2\n", "pitfall 2 has no row"),
    ("numbers in one", "`Walk.Ends`", TEST + "// Pitfalls 1 and 1\n", "before each number"),
    ("no such gtest", "`Walk.End`", TEST, "no test Walk.End"),
    ("no such file of a test", "`hostile.walk`", TEST, "no test hostile.walk"),
    ("no such property", "`e2e.wide.*`", TEST, "no test e2e.wide.*"),
    ("no such path", "`Walk.Ends`, `tests/walks.cc`", TEST, "no tests/walks.cc"),
    ("no test, not said", "nothing", TEST, "does not say so"),
]


def self_test():
    failures = 0
    for name, column, source, expected in SELF_TESTS:
        with tempfile.TemporaryDirectory() as root:
            for path, text in ((PAGE, "| 1 | A fault | %s |\n" % column), ("tests/fuzz/walk.cc", source), ("tests/fuzz/CMakeLists.txt", "walk"),
                               ("tests/deep.py", '@property_of("deep")\n')):
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults, _ = check(root)
        fine = not faults if expected is None else len(faults) == 1 and expected in faults[0]
        if not fine:
            failures += 1
            print("self-test '%s': expected %s, got %s" % (name, expected or "no fault", faults))
    print("self-test: %d of %d trees judged right" % (len(SELF_TESTS) - failures, len(SELF_TESTS)))
    return failures == 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(0 if self_test() else 1)
    here = os.path.dirname(os.path.abspath(__file__))
    complaints, count = check(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here)))
    print("\n".join(complaints + ["%d pitfalls, %d faults" % (count, len(complaints))]))
    # An empty page proves nothing: the root was wrong.
    sys.exit(1 if complaints or not count else 0)
