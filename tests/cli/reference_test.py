#!/usr/bin/env python3
"""completion and man of both programs, as the shells and groff read them.

usage: reference_test.py PROGRAM...
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = [pathlib.Path(path) for path in sys.argv[1:]]


def output(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def complete_in_bash(script, *words):
    return subprocess.run(
        ["bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
         '"_$1" 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"', script, *words],
        check=True, capture_output=True, text=True).stdout.split()


class Reference(unittest.TestCase):
    def commands(self, program):
        """The words of the first column below "Subcommands:"."""
        lines = output(program, "--help").split("Subcommands:\n")[1].split("\n\n")[0].splitlines()
        return {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "}

    def flags(self, program, command):
        words = output(program, command, "--help").replace(",", " ").split()
        return {word for word in words if word.startswith("--") and len(word) > 2}

    def test_shells_can_parse_their_scripts(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                if not shutil.which(shell):
                    self.skipTest("no %s here" % shell)
                for program in PROGRAMS:
                    script = output(program, "completion", shell)
                    subprocess.run([shell, "-n"], input=script, check=True, text=True)

    def test_bash_completes_commands_flags_and_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for program in PROGRAMS:
                script = pathlib.Path(folder, program.name)
                script.write_text(output(program, "completion", "bash"))
                name = program.name
                commands = self.commands(program)
                self.assertGreaterEqual(set(complete_in_bash(script, name, "")), commands)
                for command in commands:
                    offered = set(complete_in_bash(script, name, command, "--"))
                    self.assertGreaterEqual(offered, {"--help"}, command)
                here = complete_in_bash(script, name, "completion", str(script)[:-1])
                self.assertIn(str(script), here)

    def test_manual_names_every_flag_and_groff_accepts_it(self):
        for program in PROGRAMS:
            page = output(program, "man")
            plain = page.replace("\\-", "-")
            self.assertNotRegex(page, r"(?m)^\.[IB] *$")  # an argument without a name
            for command in self.commands(program):
                usage = next(line for line in output(program, command, "--help").splitlines()
                             if line.startswith("Usage: "))
                self.assertIn(".SS %s %s" % (program.name, command), plain)
                self.assertIn(".B " + usage.removeprefix("Usage: "), plain)
            for option in output(program, "completion", "fish").splitlines():
                if " -l " in option:
                    self.assertIn("--" + option.split(" -l ")[1].split()[0], plain)
            if shutil.which("groff"):
                checked = subprocess.run(["groff", "-k", "-ww", "-man", "-Tutf8", "-z"], input=page,
                                         capture_output=True, text=True)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_an_unknown_shell_is_refused(self):
        for program in PROGRAMS:
            refused = subprocess.run([program, "completion", "tcsh"], capture_output=True, text=True)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("bash, zsh or fish", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
