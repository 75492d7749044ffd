"""Native code of extension modules is named, above the Python function that called it."""
import collections
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

from agent import Agent, Program, WORKLOADS, burn_until
import pythons


def build(language, folder, include):
    """Makes extension.so there; its path."""
    path = os.path.join(folder, "extension.so")
    source = os.path.join(WORKLOADS, "extension." + language)
    command = {"rs": ["rustc", "--edition", "2021", "--crate-type", "cdylib", "-C", "opt-level=2",
                      "-C", "panic=abort"],
               "c": ["cc", "-O2", "-shared", "-fPIC", "-I", include,
                     "-Wl,-Ttext-segment=0x10000000"]}[language]
    if not shutil.which(command[0]):
        raise unittest.SkipTest("no %s here" % command[0])
    done = subprocess.run(command + [source, "-o", path], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise unittest.SkipTest("cannot be built here: " + done.stderr[-200:])
    return path


def code_address_is_offset(path):
    """Of the executable segment: Elf64_Phdr is type, flags, offset, address, …"""
    with open(path, "rb") as file:
        data = file.read()
    start, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, flags, offset, address = struct.unpack_from("<IIQQ", data, start + i * size)
        if kind == 1 and flags & 1:
            return offset == address
    raise AssertionError("%s has no code" % path)


def imports(path):
    """Names of the functions a library takes from others."""
    listing = subprocess.check_output(["nm", "-D", "--undefined-only", path], text=True)
    return {line.split()[-1].partition("@")[0] for line in listing.splitlines()}


class Extension(unittest.TestCase):
    # Pitfall 23: addresses differ from offsets, and the file is mapped a second time.
    def test_functions_of_a_module_have_their_names(self):
        for language in ("rs", "c"):
            for name in ("3.8", "3.11", "3.13"):
                for agent_first in (True, False):
                    with self.subTest(language, python=name, agent_first=agent_first):
                        self.sample(language, name, agent_first)

    def sample(self, language, name, agent_first):
        _, _, include = pythons.libpython(name)
        with tempfile.TemporaryDirectory() as folder:
            module = build(language, folder, include)
            if language == "c":
                self.assertFalse(code_address_is_offset(module))
            command = pythons.find(name).command("extension.py", [0, folder])
            if agent_first:
                with Agent(rate=1999) as agent, Program(command) as program:
                    burn_until([program.wait_ready()], 0.5)
                    profiles = agent.stop().profiles()
            else:
                with Program(command) as program:
                    program.wait_ready()
                    with Agent(rate=1999) as agent:
                        burn_until([program], 0.5)
                        profiles = agent.stop().profiles()
            self.check(profiles, program.pid, module)

    def check(self, profiles, pid, module):
        callers = {"crank": ["cranks", "main", "<module>"],
                   "press": ["presses", "called_back", "calls_back", "main", "<module>"],
                   "call_back": ["calls_back", "main", "<module>"]}
        imported = imports(module)
        leaves, working = collections.Counter(), 0
        for profile in profiles:
            for sample in profile.samples:
                functions = [frame.function for frame in sample.frames]
                if sample.labels["pid"] != pid or not {"cranks", "presses"} & set(functions):
                    continue
                working += sample.values[0]
                leaf = sample.frames[0]
                name = leaf.function.rpartition("::")[2]
                leaves[name] += sample.values[0]
                if leaf.mapping == module:
                    if name in ("call_crank", "call_press"):
                        name = name[len("call_"):]  # the few instructions around it
                    if name.endswith("@plt"):  # on its way out of the module
                        self.assertIn(name[:-len("@plt")], imported)
                        self.assertIn(functions[1:], callers.values())
                    else:
                        self.assertEqual(functions[1:], callers.get(name), name)
        self.assertGreater(working, 500)
        self.assertGreater(leaves["crank"] + leaves["press"], 0.95 * working, leaves)
        # 2:1 turns of nearly the same work.
        self.assertGreater(min(leaves["crank"], leaves["press"]), 0.1 * working, leaves)


if __name__ == "__main__":
    unittest.main()
