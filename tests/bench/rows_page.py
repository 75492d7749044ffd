"""The HTML page with a profile of a million nodes, in headless Chromium: time on the page's clock."""
import pathlib
import subprocess
import sys
import tempfile

import agents
import measure
from measure import Row

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "page"))
import browser  # noqa: E402: drives Chromium by its DevTools pipe

NODES = 1_000_000

# Milliseconds until the worker has answered and the main thread has taken it in.
TIMED = """(async (change) => {
  const begin = performance.now();
  change();
  while (!profd.model.idle) await new Promise((done) => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); });
  return performance.now() - begin;
})"""
# One step after another, as a hand would: zoomed frames change what is drawn.
REDRAWS = """(() => {
  const f = profd.flame, tops = [0], times = [];
  for (let i = 0; i < 30; i++) {
    const {first} = profd.tree, top = tops[tops.length - 1];
    tops.push(first[top] && i % 10 ? first[top] : 0);
  }
  for (const top of tops) {
    const begin = performance.now();
    f.zoom(top, 0);
    times.push(performance.now() - begin);
  }
  f.zoom(0, 0);
  return times.sort((a, b) => a - b)[times.length >> 1];
})()"""
SEARCH_KEYS = """(async () => {
  const times = [];
  for (const query of ['m', 'me', 'met', 'method_1', 'method_12']) {
    profd.go({query});
    while (!profd.model.idle) await new Promise((done) => setTimeout(done));
    times.push(profd.model.took.search);
  }
  profd.go({query: ''});
  return times.sort((a, b) => a - b)[times.length >> 1];
})()"""


def page(settings):
    make_page = agents.Profd.binary.parent / "make_page"
    if browser.find() is None or not make_page.exists():
        raise RuntimeError("needs chromium and %s" % make_page)
    values = {"first": [], "redraw": [], "search": [], "table": []}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "large.html"
        subprocess.run([str(make_page), "large:%d" % NODES, str(path)], check=True)
        size = path.stat().st_size
        for _ in range(settings.rounds):
            with browser.Browser() as chromium:
                chromium.open(path)
                samples = chromium.run("profd.meta.events[0]")
                values["first"].append(chromium.run("profd.firstPicture"))
                values["redraw"].append(chromium.run(REDRAWS))
                values["search"].append(chromium.run(SEARCH_KEYS))
                chromium.settle()
                values["table"].append(chromium.run(TIMED + "(() => profd.go({by: 'file'}))"))
    group = "page: %d nodes, %d samples, %.1f MiB" % (NODES, samples, size / 2**20)
    return [
        measure.judged(Row(group, "first picture after opening", "ms", values["first"]), at_most=1000),
        measure.judged(Row(group, "a redraw", "ms", values["redraw"]), at_most=8),
        measure.judged(Row(group, "search, a key", "ms", values["search"]), at_most=50),
        measure.judged(Row(group, "the table by another key", "ms", values["table"]), at_most=100)]
