"""A terminal that a test can type into and look at: a tmux server of its own, with a shell in it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time


def skip_without_tmux():
    if shutil.which("tmux") is None:
        print("SKIP: no tmux (scripts/setup test)")
        sys.exit(77)


def child_named(parent, name):
    with open("/proc/%d/task/%d/children" % (parent, parent)) as children:
        for child in children.read().split():
            with open("/proc/%s/comm" % child) as comm:
                if comm.read().strip() == name:
                    return int(child)
    raise AssertionError("the shell has no child %s" % name)


class Screen:
    def __init__(self, folder, columns=80, rows=24, **environment):
        self._socket = tempfile.mktemp(prefix="screen-", dir=tempfile.gettempdir())
        settings = {"TERM": "screen-256color", "LC_ALL": "C.UTF-8", "PS1": "SHELL$", "NO_COLOR": ""}
        settings.update(environment)
        # TERM last: tmux sets its own.
        shell = ["env", "-C", folder] + ["%s=%s" % pair for pair in settings.items()]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                   *shell, "sh", "-i")
        self.wait_for("SHELL$")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True)
        if os.path.exists(self._socket):
            os.unlink(self._socket)

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-u", "-S", self._socket, *arguments], capture_output=True,
                              encoding="utf-8", env=dict(os.environ, LC_ALL="C.UTF-8"))
        if done.returncode != 0:
            raise AssertionError("tmux %s: %s" % (arguments, done.stderr))
        return done.stdout

    def shell_pid(self):
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def keys(self, *keys):
        """Names of tmux ("Enter", "C-c") or text."""
        for key in keys:
            self._tmux("send-keys", key)

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def text(self, attributes=False):
        return self._tmux("capture-pane", "-p", *(["-e"] if attributes else []))

    def history(self):
        """The screen's text, and what has left it at the top."""
        return self._tmux("capture-pane", "-p", "-S", "-")

    def wait_for(self, wanted, timeout=15, absent=None):
        """The screen's text, once `wanted` (text or pattern) is on it and `absent` is not."""
        end = time.monotonic() + timeout
        while True:
            text = self.text()
            found = wanted.search(text) if isinstance(wanted, re.Pattern) else wanted in text
            if found and (absent is None or absent not in text):
                return text
            if time.monotonic() > end:
                raise AssertionError("%r is not on the screen:\n%s" % (wanted, text))
            time.sleep(0.05)
