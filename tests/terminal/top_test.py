#!/usr/bin/env python3
"""profd top in a real terminal: tmux, keys typed into it, and what then stands on its screen.

usage: top_test.py PROFD      exit 77: cannot run here, says why
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from screen import Screen, child_named, skip_without_tmux  # noqa: E402

WORKLOAD = '''
import time
def 深い関数():
    return sum(range(20000))
def outer():
    return 深い関数()
scope = {}
exec("def evil():\\n    return sum(range(20000))\\n", scope)
code = scope["evil"].__code__
names = [name for name in ("co_name", "co_qualname") if hasattr(code, name)]
evil = "\\x1b[2J\\x1b]0;x\\x07evil"
scope["evil"].__code__ = code.replace(**dict.fromkeys(names, evil))
print("READY", flush=True)
while True:
    outer()
    scope["evil"]()
'''


def check(condition, what, screen=None):
    if not condition:
        print("FAILED: %s" % what)
        if screen is not None:
            print(screen.text())
        sys.exit(1)


def check_screens(screen):
    """The columns at three sizes, and that sizes are followed."""
    for columns, rows in ((80, 24), (60, 12), (200, 50), (20, 5), (80, 24)):
        screen.resize(columns, rows)
        text = screen.wait_for("%Self" if columns > 20 else "Self")
        check(len(text.splitlines()) <= rows, "%d rows" % rows, screen)
    screen.wait_for("深い関数")
    screen.wait_for("?[2J?]0;x?evil")  # a name's escape codes are shown, not obeyed


def check_keys(screen, folder):
    screen.keys("?")
    screen.wait_for("profd top: keys")
    screen.keys("x")
    screen.wait_for("%Self")
    screen.keys("2")
    screen.wait_for("%Cum▼")
    screen.keys("/", "outer", "Enter")
    screen.wait_for("/outer: ")
    screen.keys("Enter")
    screen.wait_for("▶ outer")
    screen.wait_for("▼ 深い関数")
    screen.keys("Escape")
    screen.wait_for("%Cum▼")
    screen.keys("w")
    written = re.search(r"written: (\S+\.pb\.gz)", screen.wait_for("written: ")).group(1)
    screen.keys("w")
    screen.wait_for("written: ")
    time.sleep(0.2)
    files = sorted(os.listdir(folder))
    check(written in files, "%s is among %s" % (written, files))
    check(all(os.path.getsize(os.path.join(folder, f)) > 100 for f in files), "files are whole")


def check_suspension(screen, pid):
    """Ctrl-Z gives the terminal back, fg takes it again."""
    screen.keys("C-z")
    screen.wait_for("SHELL$")
    state = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0]
    check(state == "T", "it is stopped, not %s" % state)
    screen.keys("fg", "Enter")
    screen.wait_for("%Cum▼")


def check_exit(screen, how, expected):
    how()
    text = screen.wait_for(re.compile("^STATUS [0-9]", re.MULTILINE), timeout=20)
    check("STATUS %s\n" % expected in text, "exit status %s" % expected, screen)
    check("%Self" not in text, "the screen before is back", screen)
    screen.keys("stty -a | grep -o -- '-\\?\\bicanon\\|-\\?\\becho\\b'", "Enter")
    screen.wait_for("\nicanon\necho")
    screen.keys("clear", "Enter")
    screen.wait_for("SHELL$", absent="STATUS")


def main():
    profd = os.path.abspath(sys.argv[1])
    skip_without_tmux()
    if os.geteuid() != 0:
        print("SKIP: only root may load BPF programs")
        return 77
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [sys.executable, "-c", WORKLOAD], stdout=subprocess.PIPE, text=True) as workload:
        try:
            workload.stdout.readline()
            once = subprocess.run([profd, "top", "--json", "-p", str(workload.pid)],
                                  capture_output=True, text=True)
            if once.returncode != 0 and re.search("kernel|CAP_", once.stderr):
                print("SKIP: %s" % once.stderr.strip())
                return 77
            check(once.returncode == 0, "top --json: %s" % once.stderr)
            rows = json.loads(once.stdout)["rows"]
            check("深い関数" in [row["function"] for row in rows], "JSON names the function: %s" % rows)

            command = "%s top -d 0.3 -p %d" % (profd, workload.pid)
            with Screen(folder) as screen:
                def start():
                    screen.keys(command + "; echo STATUS $?", "Enter")
                    screen.wait_for("%Self")
                    return child_named(screen.shell_pid(), "profd")

                start()
                check_screens(screen)
                check_keys(screen, folder)
                check_exit(screen, lambda: screen.keys("q"), 0)
                start()
                check_exit(screen, lambda: screen.keys("C-c"), 0)
                pid = start()
                check_exit(screen, lambda: os.kill(pid, signal.SIGTERM), 0)
                pid = start()
                check_exit(screen, lambda: os.kill(pid, signal.SIGSEGV), 139)
                # A stop is not the end of a pipeline of commands: typed without `echo`.
                screen.keys(command, "Enter")
                screen.wait_for("%Self")
                screen.keys("2")
                screen.wait_for("%Cum▼")  # Ctrl-Z drops keys that are not read yet
                check_suspension(screen, child_named(screen.shell_pid(), "profd"))
                screen.keys("q")
                screen.wait_for("SHELL$", absent="%Cum")
            with Screen(folder, NO_COLOR="1", LC_ALL="C") as screen:
                screen.keys(command, "Enter")
                text = screen.wait_for(re.compile(r"[*] \?+ .*-c|[*] outer"))
                check(all(ord(c) < 128 for c in text), "a C locale sees ASCII alone", screen)
                coloured = re.search("\x1b\\[[34][0-7]", screen.text(attributes=True))
                check(coloured is None, "no colour", screen)
            for term, words in (("dumb", "cannot be moved"), ("no-such", "cannot be moved")):
                with Screen(folder, TERM=term) as screen:
                    screen.keys(command + "; echo STATUS $?", "Enter")
                    text = screen.wait_for("STATUS 1")
                    check(words in text and "hint:" in text, "TERM=%s is explained" % term, screen)
        finally:
            workload.kill()
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
