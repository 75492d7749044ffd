#!/usr/bin/env python3
"""What the agent may not do or the kernel lacks is named, with what to do about it."""
import os
import shutil
import subprocess
import tempfile

from hostile import Agent, PROFD, Skip, contains, equal, main, require_root


def refused(wrap, *wanted):
    require_root()
    if shutil.which(wrap[0]) is None:
        raise Skip("no " + wrap[0])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        shutil.copy(PROFD, folder)  # the build's folder may be closed to others
        done = subprocess.run(
            [*wrap, os.path.join(folder, "profd"), "--all-python", "--duration", "1s", "--socket",
             "", "--output", os.path.join(folder, "profiles")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        error = done.stderr.decode()
        equal(done.returncode, 1, "exit code: " + error)
        contains(error, *wanted)
        assert not os.path.exists(os.path.join(folder, "profiles"))


def another_user_is_told_which_capabilities_are_missing():
    refused(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
            "CAP_BPF CAP_PERFMON CAP_SYS_PTRACE", "hint: run it with sudo", "setcap")


def one_missing_capability_is_named_alone():
    for missing in ("bpf", "perfmon", "sys_ptrace"):
        refused(["setpriv", "--bounding-set=-sys_admin,-" + missing],
                "missing: CAP_%s\n" % missing.upper(), "hint:")


def a_kernel_without_btf_is_named():
    refused(["unshare", "-m", "sh", "-c",
             'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"'],
            os.uname().release, "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF")


def without_the_right_to_a_higher_priority_it_says_so_and_samples():
    require_root()
    if shutil.which("setpriv") is None:
        raise Skip("no setpriv")
    with Agent(wrap=("setpriv", "--bounding-set=-sys_nice")) as agent:
        agent.until_logged("samples=")
        equal(agent.stop(), 0)
        contains("\n".join(agent.log), "CAP_SYS_NICE", "slice=")


main(another_user_is_told_which_capabilities_are_missing, one_missing_capability_is_named_alone,
     a_kernel_without_btf_is_named, without_the_right_to_a_higher_priority_it_says_so_and_samples)
