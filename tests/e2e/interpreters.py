"""The interpreters of the tests, by a name that CTest can list before any of them is looked for.

  3.6 … 3.15      an executable of PROFD_TEST_PYTHONS (colon-separated), else one of pyenv's
  system          /usr/bin/python3: static and stripped on Debian
  sid-3.13 …      in the foreign root PROFD_TEST_ROOT (default build/roots/sid), by chroot
  free-threaded   of PROFD_TEST_PYTHONS or built by scripts/test-pythons
  musl            built by scripts/test-pythons
"""
import glob
import json
import os
import re
import subprocess

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKLOADS = os.path.join(REPO, "tests", "workloads")
IN_ROOT = "/mnt/workloads"

FACTS = """
import json, sys, sysconfig
jit = getattr(sys, "_jit", None)
print(json.dumps({"version": list(sys.version_info[:3]), "jit": bool(jit and jit.is_available()),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED"))}))
"""


class Skip(Exception):
    """Cannot run here; the text says why."""


class Interpreter:
    """How to start programs of tests/workloads under one interpreter, and what it is."""

    def __init__(self, name, executable, root=None):
        self.name = name
        self._executable = executable
        self._root = root
        done = subprocess.run(self._command(["-c", FACTS]), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        if done.returncode != 0:
            raise Skip("%s does not run: %s" % (executable, done.stderr.strip()[-200:]))
        facts = json.loads(done.stdout)
        self.version = tuple(facts["version"])
        self.jit = facts["jit"]
        self.free_threaded = facts["free_threaded"]

    @property
    def version_text(self):
        return "%d.%d.%d" % self.version

    def _command(self, arguments):
        command = [self._executable] + arguments
        if self._root:
            command = [os.path.join(WORKLOADS, "in_root.sh"), self._root] + command
        return command

    def command(self, program, arguments, options=()):
        folder = IN_ROOT if self._root else WORKLOADS
        return self._command([*options, os.path.join(folder, program), *map(str, arguments)])

    def run(self, arguments, **options):
        return subprocess.run(self._command(arguments), **options)

    @property
    def has_own_root(self):
        return bool(self._root)


def _candidates():
    listed = os.environ.get("PROFD_TEST_PYTHONS")
    if listed:
        return listed.split(":")
    versions = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return sorted(glob.glob(os.path.join(versions, "versions", "*", "bin", "python3")))


def _from_candidates(name, wanted):
    for executable in _candidates():
        try:
            interpreter = Interpreter(name, executable)
        except (Skip, OSError):
            continue
        if wanted(interpreter):
            return interpreter
    return None


def _existing(path, hint):
    if not os.path.exists(path):
        raise Skip("no %s (%s)" % (path, hint))
    return path


def find(name):
    """The interpreter of that name; raises Skip."""
    built = os.path.join(REPO, "build", "roots")
    if name == "system":
        return Interpreter(name, _existing("/usr/bin/python3", "the system has no Python"))
    if name.startswith("sid-"):
        root = os.environ.get("PROFD_TEST_ROOT") or os.path.join(built, "sid")
        executable = "/usr/bin/python" + name[len("sid-"):]
        _existing(root + executable, "scripts/test-roots makes the root")
        return Interpreter(name, executable, root)
    if name in ("free-threaded", "musl"):
        found = name == "free-threaded" and _from_candidates(name, lambda i: i.free_threaded)
        return found or Interpreter(name, _existing(os.path.join(built, name, "bin", "python3"),
                                                    "scripts/test-pythons %s makes it" % name))
    if not re.fullmatch(r"3\.\d+", name):
        raise SystemExit("no interpreter is called %r:%s" % (name, __doc__.partition("\n")[2]))
    wanted = tuple(map(int, name.split(".")))
    found = _from_candidates(name, lambda i: i.version[:2] == wanted and not i.free_threaded)
    if not found:
        raise Skip("no Python %s (PROFD_TEST_PYTHONS names executables)" % name)
    return found
