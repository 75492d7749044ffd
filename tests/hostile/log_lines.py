#!/usr/bin/env python3
"""What strangers call themselves neither forges a line of the log nor drives a terminal."""
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile

from hostile import (PATIENCE, PROFD, SPIN, Agent, Skip, Target, contains, equal, main, require_root, run,
                     samples_of, until, until_cpu)

EVIL = 'py"\n\x1b[2Jtime=0 level=error forged=1 \\'
RENAMED = """
import ctypes
ctypes.CDLL(None).prctl(15, b'\\n"x\\x1b[31m\\\\evil')
""" + SPIN
WORD = re.compile(r'[A-Za-z_]+=("(\\.|[^"\\])*"|[^ "=]*)')


def check(lines):
    for line in lines:
        assert all(ord(c) >= 0x20 and ord(c) != 0x7F for c in line), repr(line)
        contains(line, "time=", "level=")
        equal(WORD.sub("", line).strip(), "", "more than key=value in %r" % line)


def an_interpreter_with_an_evil_path_stays_inside_its_value():
    require_root()
    static = "/usr/bin/python3"
    if b"Py_BytesMain" not in open(os.path.realpath(static), "rb").read():
        raise Skip("no static interpreter that can be copied")
    with tempfile.TemporaryDirectory() as folder:
        evil = os.path.join(folder, EVIL)
        shutil.copy(os.path.realpath(static), evil)
        with Target(RENAMED, executable=evil) as target, \
                Agent(output=os.path.join(folder, 'out put"\n')) as agent:
            until_cpu(target.pid, 0.3)
            out = run("status", "--socket", agent.socket)[1]
            assert "\x1b" not in out and "\x1b" not in run(
                "status", "--json", "--socket", agent.socket)[1]
            equal(agent.stop(), 0)
            check(agent.log)
            assert any("forged" in line for line in agent.log), "\n".join(agent.log)
            theirs = samples_of(agent.samples(), target.pid)
            assert theirs
            equal(theirs[0].labels["comm"], '\n"x\x1b[31m\\evil')


def no_colour_is_obeyed_and_every_line_is_key_and_value():
    require_root()
    with Agent(wrap=("env", "NO_COLOR=1")) as agent:
        agent.until_logged("samples=")
        equal(agent.stop(), 0)
        check(agent.log)


def a_log_that_nobody_reads_holds_up_nothing():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "socket")
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        with subprocess.Popen([PROFD, "--all-python", "--interval", "100ms", "--socket", socket, "--output",
                               os.path.join(folder, "profiles")], stderr=writer) as agent:
            os.close(writer)

            def written():
                code, out, _ = run("status", "--json", "--socket", socket)
                return json.loads(out)["files"]["written"] if code == 0 else 0
            try:
                before = until(written, "a first file")
                until(lambda: written() > before + 60, "files, though the pipe is full")
                with open(reader, "rb", buffering=0) as log:
                    log_read = bytearray()

                    def count_is_there():
                        log_read.extend(log.read(4096))
                        return b"log_lines_dropped=" in log_read
                    until(count_is_there, "the count of what was dropped")
                    before = written()
                    until(lambda: written() > before + 60, "files, though the pipe is full again")
                    agent.send_signal(15)
                    equal(agent.wait(PATIENCE), 0, "exit code with a full pipe")
            finally:
                agent.kill()


main(a_log_that_nobody_reads_holds_up_nothing, an_interpreter_with_an_evil_path_stays_inside_its_value,
     no_colour_is_obeyed_and_every_line_is_key_and_value)
