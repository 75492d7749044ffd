#!/usr/bin/env python3
"""Where the agent's status is asked for."""
import os
import socket
import stat
import tempfile
import time

from hostile import Agent, contains, equal, main, require_root, run


def listen_at(path, **options):
    with tempfile.TemporaryDirectory() as folder:
        return run("--all-python", "--duration", "1s", "--output", os.path.join(folder, "p"),
                   "--socket", path, **options)


def a_second_agent_is_refused_and_the_first_goes_on():
    require_root()
    with Agent() as agent:
        code, _, error = listen_at(agent.socket)
        equal(code, 1, "exit code")
        contains(error, "another agent listens at " + agent.socket, "hint: profd status")
        equal(agent.status()["pid"], agent.pid)
        equal(stat.S_IMODE(os.stat(agent.socket).st_mode), 0o600, "mode of the socket")
        equal(agent.stop(), 0)
        assert not os.path.exists(agent.socket)


def the_socket_of_a_crashed_agent_is_replaced():
    require_root()
    with Agent() as agent:
        agent.process.kill()
        agent.process.wait()
        assert os.path.exists(agent.socket)
        code, _, error = listen_at(agent.socket)
        equal(code, 0, "exit code: " + error)


def what_is_not_a_socket_is_not_replaced():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "precious")
        with open(path, "w") as file:
            file.write("keep me")
        code, _, error = listen_at(path)
        equal(code, 1, "exit code")
        contains(error, path, "is not a socket")
        with open(path) as file:
            equal(file.read(), "keep me")


def a_socket_path_that_cannot_be_is_an_error():
    require_root()
    for path in ("/proc/no/socket", "/tmp/" + "x" * 200):
        code, _, error = listen_at(path)
        equal(code, 1, "exit code")
        contains(error, path)


def callers_that_say_and_read_nothing_keep_nobody_out():
    require_root()
    with Agent() as agent:
        silent = []
        for _ in range(40):
            caller = socket.socket(socket.AF_UNIX)
            caller.setblocking(False)
            try:
                caller.connect(agent.socket)
            except BlockingIOError:
                pass
            silent.append(caller)
        equal(agent.status()["pid"], agent.pid)
        begin = time.monotonic()
        equal(agent.stop(), 0)
        assert time.monotonic() - begin < 20


main(a_second_agent_is_refused_and_the_first_goes_on, the_socket_of_a_crashed_agent_is_replaced,
     what_is_not_a_socket_is_not_replaced, a_socket_path_that_cannot_be_is_an_error,
     callers_that_say_and_read_nothing_keep_nobody_out)
