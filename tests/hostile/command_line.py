#!/usr/bin/env python3
"""What the user types wrong, and how the agent says so."""
import os
import tempfile

from hostile import contains, equal, main, run

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def help_fits_a_screen_and_shows_an_example():
    code, out, _ = run("--help")
    equal(code, 0, "exit code")
    contains(out, "Examples:", "--all-python", "go tool pprof")
    lines = out.splitlines()
    assert len(lines) <= 40, "%d lines" % len(lines)


def version_is_one_line():
    code, out, _ = run("--version")
    equal((code, out.count("\n"), out.split()[0]), (0, 1, "profd"))


def unknown_flag_names_itself_and_the_nearest():
    code, _, error = run("--intervall", "5s", "--all-python")
    equal(code, 2, "exit code")
    contains(error, "--intervall", "did you mean --interval?", "hint: profd --help")


def unknown_flag_unlike_any_is_named_alone():
    code, _, error = run("--zzzzzzzz")
    equal(code, 2, "exit code")
    contains(error, "--zzzzzzzz")
    assert "did you mean" not in error, error


def a_flag_takes_no_value():
    code, _, error = run("--all-python=5", "--duration", "1s")
    equal(code, 2, "exit code")
    contains(error, "--all-python takes no value")


def wrong_values_say_what_is_right():
    for flag, value, wanted in [("--rate", "fast", "99, 1khz"), ("--rate", "0", "1hz to 20khz"),
                                ("--interval", "-1s", "10s, 1m30s"), ("--interval", "0", "longer"),
                                ("--pid", "me", "4242"), ("--max-size", "big", "64MiB"),
                                ("--comm", "(", "regular expression"), ("--output", "", "empty"),
                                ("--log-level", "loud", "debug")]:
        selection = [] if flag in ("--pid", "--comm") else ["--all-python"]
        code, _, error = run(*selection, flag, value)
        equal(code, 2, "exit code of %s %s: %s" % (flag, value, error))
        contains(error, flag[2:], wanted)


def no_selection_and_two_selections_are_errors():
    code, _, error = run()
    equal(code, 2, "exit code")
    contains(error, "--all-python", "--pid", "--comm")
    code, _, error = run("--all-python", "--pid", "1")
    equal(code, 2, "exit code")
    contains(error, "only one")


def processes_that_do_not_exist_are_an_error():
    code, _, error = run("--pid", "4194303")
    equal(code, 1, "exit code: " + error)


def configuration_errors_name_file_and_line():
    cases = [
        ("all-python: true\nintervall: 5s\n", ":2: ", 'did you mean "interval"'),
        ("all-python: true\n\nrate: fast\n", ":3: ", '"fast" is not a rate'),
        ("all-python: true\nrate: 5\nrate: 6\n", ":3: ", "already given in line 2"),
        ("all-python: [true\n", ":", ""),
        ("- a\n- b\n", "must be a map", ""),
        ("all-python: true\npid: 4\n", "only one of", ""),
        ("rate: {a: b}\n", ":1: ", "must be a value"),
        ("\0\0\0", "", ""),
        ("a: &a [*a]\n", "", ""),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "profd.yaml")
        for text, *wanted in cases:
            with open(path, "w") as file:
                file.write(text)
            code, _, error = run("check-config", path)
            equal(code, 1, "exit code of %r: %s" % (text, error))
            contains(error, *wanted)
            code, _, error = run("--config", path)
            equal(code, 2, "exit code of %r: %s" % (text, error))
        with open(path, "w") as file:
            file.write("all-python: true\nrate: 1khz\nkeep: 2d\n")
        equal(run("check-config", path)[:2], (0, path + ": ok\n"))
        with open(os.path.join(REPOSITORY, "deploy", "profd.yaml")) as file:
            shipped = file.read()
        for setting in ("all-python: true", "# pid: ", "# comm: "):  # one of three ways to choose
            lines = [line for line in shipped.splitlines() if not line.startswith("all-python")]
            lines += [line.removeprefix("# ") for line in shipped.splitlines()
                      if line.startswith(setting)]
            with open(path, "w") as file:
                file.write("\n".join(lines))
            equal(run("check-config", path)[:2], (0, path + ": ok\n"))
        code, _, error = run("check-config", folder)
        equal(code, 1, "exit code of a directory")
        contains(error, folder)
        code, _, error = run("check-config", path + ".missing")
        equal(code, 1, "exit code of a missing file")


def no_agent_is_said_so():
    code, _, error = run("status", "--socket", "/tmp/profd-hostile-no-such-socket")
    equal(code, 1, "exit code")
    contains(error, "no agent listens")


main(help_fits_a_screen_and_shows_an_example, version_is_one_line,
     unknown_flag_names_itself_and_the_nearest, unknown_flag_unlike_any_is_named_alone,
     a_flag_takes_no_value, wrong_values_say_what_is_right, no_selection_and_two_selections_are_errors,
     processes_that_do_not_exist_are_an_error, configuration_errors_name_file_and_line,
     no_agent_is_said_so)
