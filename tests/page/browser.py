"""Headless Chromium, driven by the DevTools protocol over its pipe: no package beyond Chromium."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--force-device-scale-factor=1", "--remote-debugging-pipe"]


def find():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    """One browser with one page. Use as a context manager."""

    def __init__(self, width=1440, height=900):
        self.profile = tempfile.mkdtemp(prefix="profd-chromium-")
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()
        # The browser reads its fd 3 and writes its fd 4.
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate((to_browser, from_browser))]

        def plumb():
            os.dup2(100, 3)
            os.dup2(101, 4)

        self.process = subprocess.Popen(
            [find(), *FLAGS, "--user-data-dir=" + self.profile, "--window-size=%d,%d" % (width, height),
             "about:blank"],
            preexec_fn=plumb, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        for fd in (to_browser, from_browser, *high):
            os.close(fd)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.size(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        try:
            self.session = None
            self.call("Browser.close", timeout=5)
            self.process.wait(10)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the browser does not answer")
            import select
            if select.select([self.read], [], [], left)[0]:
                data = os.read(self.read, 1 << 20)
                if not data:
                    raise RuntimeError("the browser ended")
                self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, timeout=120, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        deadline = time.monotonic() + timeout
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]
            self.events.append(answer)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def theme(self, name):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def show(self, path, fragment=""):
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri() + fragment)

    def open(self, path, fragment=""):
        """A page of profd's, until its first picture is there."""
        self.show(path, fragment)
        self.wait("window.profd && (profd.firstPicture > 0 || document.querySelector('#nothing'))")
        self.settle()

    def run(self, expression):
        """The value of an expression, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.run("Boolean(%s)" % condition):
            if time.monotonic() > deadline:
                raise TimeoutError("never true: %s; %s" % (condition, self.errors()))
            time.sleep(0.02)

    def settle(self):
        """Until nothing is asked, computed or drawn any more."""
        self.wait("profd.ready && profd.model.idle")
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.wait("profd.model.idle")

    def errors(self):
        """What the page complained about since it was opened, and what it asked the network for."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            if event["method"] == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "blob:", "data:", "about:")):
                    found.append("network: " + url)
        return found

    KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
            "ArrowDown": 40, "Tab": 9, "Home": 36, "End": 35}

    def key(self, name, ctrl=False, shift=False):
        text = name if len(name) == 1 and not ctrl else "\r" if name == "Enter" else ""
        common = {"key": name, "modifiers": (2 if ctrl else 0) | (8 if shift else 0),
                  "windowsVirtualKeyCode": self.KEYS.get(name) or ord(name.upper())}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        for character in text:
            self.key(character)

    def mouse(self, kind, x, y, ctrl=False, button="left"):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1,
                  buttons=1 if kind != "mouseReleased" else 0, modifiers=2 if ctrl else 0)

    def click(self, x, y, button="left"):
        self.mouse("mousePressed", x, y, button=button)
        self.mouse("mouseReleased", x, y, button=button)

    def drag(self, x0, y0, x1, y1, ctrl=False):
        self.mouse("mousePressed", x0, y0, ctrl)
        self.mouse("mouseMoved", (x0 + x1) / 2, (y0 + y1) / 2, ctrl)
        self.mouse("mouseMoved", x1, y1, ctrl)
        self.mouse("mouseReleased", x1, y1, ctrl)

    def box(self, selector):
        return self.run("(({x, y, width, height}) => ({x, y, width, height}))"
                        "(document.querySelector(%s).getBoundingClientRect())" % json.dumps(selector))

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
