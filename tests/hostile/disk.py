#!/usr/bin/env python3
"""The output directory on a bad day: sampling goes on, what is lost is counted, it recovers."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from hostile import Agent, contains, equal, main, require_root, run, until


@contextlib.contextmanager
def small_disk(options):
    with tempfile.TemporaryDirectory(prefix="profd-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def run_into(directory, **options):
    return run("--all-python", "--duration", "1s", "--socket", "", "--output", directory, **options)


def a_full_disk_costs_windows_not_the_agent():
    require_root()
    with small_disk("size=64k") as disk:
        ballast = os.path.join(disk, "ballast")
        fill(ballast)
        with Agent(output=os.path.join(disk, "profiles")) as agent:
            until(lambda: agent.status()["files"]["failed"] >= 2, "two failed windows")
            contains(agent.until_logged("file=none"), "error=", "level=error")
            before = agent.status()["files"]["written"]
            os.unlink(ballast)
            until(lambda: agent.status()["files"]["written"] > before + 1, "recovery")
            equal(agent.status()["files"]["last_error"], "")
            equal(agent.stop(), 0)


def fill(path):
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def the_oldest_profiles_make_room_on_a_full_disk():
    require_root()
    with small_disk("size=64k") as disk:
        with Agent(output=os.path.join(disk, "profiles"), interval="300ms") as agent:
            until(lambda: agent.status()["files"]["evicted_by_size"] > 2, "evictions")
            equal(agent.status()["files"]["failed"], 0, "failed windows")
            equal(agent.stop(), 0)


def a_deleted_output_directory_is_made_again():
    require_root()
    with Agent() as agent:
        until(agent.files, "a first file")
        shutil.rmtree(agent.output)
        until(agent.files, "a file in the new directory")
        equal(agent.stop(), 0)
        equal([line for line in agent.log if "level=error" in line], [])


def a_read_only_file_system_is_an_error_at_start():
    require_root()
    with small_disk("ro,size=64k") as disk:
        code, _, error = run_into(os.path.join(disk, "profiles"))
        equal(code, 1, "exit code")
        contains(error, disk, "Read-only file system")


def an_output_that_is_a_file_or_has_no_parent_is_an_error():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        with open(path, "w") as file:
            file.write("keep me")
        for output in (path, os.path.join(folder, "no", "such")):
            code, _, error = run_into(output)
            equal(code, 1, "exit code")
            contains(error, output)
        with open(path) as file:
            equal(file.read(), "keep me")


def a_second_agent_keeps_out_of_the_directory():
    require_root()
    with Agent() as agent:
        code, _, error = run_into(agent.output)
        equal(code, 1, "exit code")
        contains(error, agent.output, "another profd (PID %d)" % agent.pid)
        equal(agent.stop(), 0)


main(a_full_disk_costs_windows_not_the_agent, the_oldest_profiles_make_room_on_a_full_disk,
     a_deleted_output_directory_is_made_again, a_read_only_file_system_is_an_error_at_start,
     an_output_that_is_a_file_or_has_no_parent_is_an_error,
     a_second_agent_keeps_out_of_the_directory)
