#!/usr/bin/env python3
"""Converts recordings by profctl and has the format's own reader open them.

usage: readers.py collapsed|svg|speedscope|firefox MAKE_RECORDINGS PROFCTL READERS
"""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

SKIPPED = 77
RECORDINGS = ("small", "service", "hostile")


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def check_collapsed(text, _):
    """As flamegraph.pl takes a line apart: everything up to the last space, then a number."""
    total = 0
    for line in text.decode("utf-8").rstrip("\n").split("\n"):
        match = re.fullmatch(r"(\S.*?)\s+(\d+(?:\.\d*)?)", line)
        assert match, line
        assert all(frame for frame in match.group(1).split(";")), line
        total += int(match.group(2))
    assert total > 0


def check_svg(text, _):
    document = xml.dom.minidom.parseString(text)
    frames = [g for g in document.getElementsByTagName("g") if g.hasAttribute("data-x")]
    assert frames
    assert len(document.getElementsByTagName("script")) == 1
    for frame in frames:
        assert len(frame.childNodes) == 3, frame.toxml()
        assert float(frame.getAttribute("data-x")) + float(frame.getAttribute("data-w")) < 1.000001


def chromium():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)


def check_speedscope(text, work):
    """Opened by speedscope itself in a browser, which then names the profile and its size."""
    application = os.path.join(work.readers, "node_modules/speedscope/dist/release/index.html")
    if not os.path.exists(application):
        skip("speedscope is not in %s: tests/formats/fetch-readers" % work.readers)
    if not chromium():
        skip("no Chromium to run speedscope in")
    script = os.path.join(work.directory, "load.js")
    with open(script, "w") as file:
        file.write("speedscope.loadFileFromBase64('x.speedscope.json', '%s')"
                   % base64.b64encode(text).decode())
    dom = subprocess.run(
        [chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--use-gl=swiftshader",
         "--enable-unsafe-swiftshader", "--user-data-dir=" + work.directory + "/chromium",
         "--virtual-time-budget=20000", "--dump-dom",
         "file://%s#localProfilePath=%s" % (application, script)],
        capture_output=True, timeout=200).stdout.decode("utf-8", "replace")
    first = json.loads(text)["profiles"][0]["name"]
    assert "Time Order" in dom, "speedscope did not open the file"
    assert "Something went wrong" not in dom
    assert re.sub(r"[^\w]", "", first)[:20] in re.sub(r"[^\w]", "", dom), first


def check_firefox(text, work):
    """Opened by the Firefox Profiler's own command line, which upgrades and processes the file."""
    program = os.path.join(work.readers,
                           "node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js")
    if not os.path.exists(program):
        skip("profiler-cli is not in %s: tests/formats/fetch-readers" % work.readers)
    if subprocess.run(["node", program, "--version"], capture_output=True).returncode != 0:
        skip("profiler-cli does not run with this node, or there is none")
    path = os.path.join(work.directory, "x.firefox.json")
    with open(path, "wb") as file:
        file.write(text)
    environment = dict(os.environ, HOME=work.directory)

    def run(*arguments):
        return subprocess.run(["node", program, *arguments], capture_output=True, text=True,
                              env=environment, timeout=120)

    # On a busy host its server is not up within the half second that it waits for it.
    daemons = []
    try:
        for _ in range(4):
            done = run("load", path)
            if done.returncode == 0:
                break
            daemons += map(int, re.findall(r"pid (\d+)", done.stderr))
            time.sleep(1)
        if "did not become ready" in done.stderr:
            skip("profiler-cli's server does not start within the half second it is given")
        assert done.returncode == 0, done.stdout + done.stderr
        info = run("profile", "info", "--all")
        assert info.returncode == 0, info.stdout + info.stderr
        assert info.stdout.count("t-") >= len(json.loads(text)["threads"]), info.stdout
    finally:
        run("stop")
        for daemon in daemons:
            try:
                os.kill(daemon, signal.SIGTERM)
            except ProcessLookupError:
                pass


class Work:
    def __init__(self, directory, readers):
        self.directory, self.readers = directory, readers


def main():
    reader, make_recordings, profctl, readers = sys.argv[1:]
    check = globals()["check_" + reader]
    with tempfile.TemporaryDirectory(prefix="profd-formats-") as directory:
        subprocess.run([make_recordings, directory], check=True)
        for name in RECORDINGS:
            converted = subprocess.run(
                [profctl, "convert", "-f", reader, "-t", os.path.join(directory, name + ".otlp")],
                check=True, stdout=subprocess.PIPE)
            check(converted.stdout, Work(directory, readers))
            print("%s: %s opens, %d bytes" % (reader, name, len(converted.stdout)))


if __name__ == "__main__":
    main()
