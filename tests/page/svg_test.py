"""The flame graph in SVG in headless Chromium. usage: svg_test.py MAKE_RECORDINGS PROFCTL

Exit code 77: no Chromium here.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import browser

MAKE_RECORDINGS = PROFCTL = None


class SvgTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="profd-svg-")
        subprocess.run([MAKE_RECORDINGS, cls.folder.name], check=True)
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.folder.cleanup()

    def setUp(self):
        self.open("service")

    def tearDown(self):
        self.assertEqual(self.browser.errors(), [])

    def open(self, name):
        path = os.path.join(self.folder.name, name)
        subprocess.run([PROFCTL, "convert", path + ".otlp", "-o", path + ".svg"], check=True)
        self.browser.show(path + ".svg")
        self.browser.wait("document.documentElement.tagName === 'svg' &&"
                          " document.getElementById('search')?.style.display === ''")

    def frames(self):
        """name -> (x, width, class) of one of the frames that are shown and have it."""
        return {name: (x, width, kind) for name, x, width, kind in self.browser.run("""
          [...document.querySelectorAll('#frames > g')].filter((g) => g.style.display !== 'none')
          .map((g) => [g.getAttribute('data-n'), +g.querySelector('rect').getAttribute('x'),
                       +g.querySelector('rect').getAttribute('width'), g.getAttribute('class') || ''])
          """)}

    def click(self, name):
        box = self.browser.run("""(() => {
          const g = [...document.querySelectorAll('#frames > g')]
            .find((g) => g.getAttribute('data-n') === %s);
          g.scrollIntoView({block: 'center'});
          const b = g.querySelector('rect').getBoundingClientRect();
          return {x: b.x + b.width / 2, y: b.y + b.height / 2};
        })()""" % json.dumps(name))
        self.browser.click(box["x"], box["y"])

    def search(self, text):
        self.browser.run("window.prompt = () => %s" % json.dumps(text))
        self.browser.key("/")
        return self.browser.run("document.getElementById('found').textContent")

    def widest_below(self, limit):
        frames = {n: f for n, f in self.frames().items() if f[1] < limit}
        return max(frames, key=lambda name: frames[name][1])

    def test_a_click_zooms_and_reset_and_escape_go_back(self):
        before = self.frames()
        name = self.widest_below(600)
        for back in (lambda: self.browser.key("Escape"),
                     lambda: self.browser.run("document.getElementById('reset')"
                                              ".dispatchEvent(new MouseEvent('click'))")):
            self.click(name)
            zoomed = self.frames()
            self.assertGreater(zoomed[name][1], 1170)
            self.assertLess(len(zoomed), len(before))
            self.assertTrue(any(kind == "up" for _, _, kind in zoomed.values()))
            back()
            after = self.frames()
            self.assertEqual(set(after), set(before))
            self.assertAlmostEqual(after[name][1], before[name][1], delta=0.1)

    def test_search_marks_and_counts_each_place_once(self):
        self.assertEqual(self.search("no such frame"), "matched 0.00%")
        name = self.widest_below(600)
        self.assertRegex(self.search(name), r"^matched [1-9]")
        self.assertIn("hit", self.frames()[name][2])
        self.assertEqual(self.search("/./"), "matched 100.00%")
        self.assertEqual(self.search(""), "")
        self.assertFalse(any("hit" in kind for _, _, kind in self.frames().values()))

    def test_keys_alone_do_it(self):
        name = self.widest_below(600)
        self.browser.run("[...document.querySelectorAll('#frames > g')]"
                         ".find((g) => g.getAttribute('data-n') === %s).focus()" % json.dumps(name))
        self.assertIn(name, self.browser.run("document.getElementById('details').textContent"))
        self.browser.key("Enter")
        self.assertGreater(self.frames()[name][1], 1170)

    def test_names_that_are_markup_stay_names(self):
        self.open("hostile")
        self.assertGreater(len(self.frames()), 3)
        self.assertEqual(self.browser.run("document.querySelectorAll('script').length"), 1)


if __name__ == "__main__":
    MAKE_RECORDINGS, PROFCTL = sys.argv[1:3]
    del sys.argv[1:3]
    if browser.find() is None:
        print("no chromium on the PATH: the SVG's script is not tested (scripts/setup test)")
        sys.exit(77)
    unittest.main(verbosity=2)
