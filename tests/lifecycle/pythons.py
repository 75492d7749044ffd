"""Interpreters of tests/e2e/interpreters.py, as unittest wants them skipped."""
import os
import unittest

import agent  # noqa: F401: sets the path to tests/e2e
import interpreters

BURN = """
import time
def {0}():
    x = 0
    while {1}:
        for i in range(2000):
            x = (x * 31 + i) % 1000003
{0}()
"""


def find(name):
    try:
        return interpreters.find(name)
    except interpreters.Skip as reason:
        raise unittest.SkipTest(str(reason))


def executable(name):
    """A path that runs in our own root."""
    found = find(name)
    return os.path.realpath(found.command("", [])[0])


def libpython(name):
    """The shared library of a Python, or skips."""
    done = find(name).run(
        ["-c", "import sysconfig as s; print(s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME'),"
               " s.get_config_var('prefix'), s.get_config_var('INCLUDEPY'))"],
        stdout=-1, universal_newlines=True)
    directory, name_of_library, prefix, include = done.stdout.split()
    path = os.path.join(directory, name_of_library)
    if ".so" not in name_of_library or not os.path.exists(path):
        raise unittest.SkipTest("Python %s here has no shared library" % name)
    return path, prefix, include


def burner(function, condition="True"):
    """-c program whose CPU is in a function of that name."""
    return BURN.format(function, condition)
