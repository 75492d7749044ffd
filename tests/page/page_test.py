"""The page in headless Chromium. usage: page_test.py MAKE_PAGE [NAME...]

Each test_* method is a test of its own; exit code 77: no Chromium here.
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import browser

MAKE_PAGE = None


def contrast(*colors):
    """Of two RGB triples, as WCAG 2 defines it."""
    def luminance(color):
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))

    low, high = sorted(map(luminance, colors))
    return (high + 0.05) / (low + 0.05)


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="profd-page-")
        cls.browser = browser.Browser()
        cls.pages = {}

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.folder.cleanup()

    def page(self, case):
        if case not in self.pages:
            path = pathlib.Path(self.folder.name) / (case.replace(":", "_").replace("/", "_") + ".html")
            subprocess.run([MAKE_PAGE, case, str(path)], check=True)
            self.pages[case] = path
        return self.pages[case]

    def open(self, case, fragment=""):
        self.browser.size(1440, 900)
        self.browser.theme("light")
        self.browser.open(self.page(case), fragment)
        return self.browser

    def tearDown(self):
        self.assertEqual(self.browser.errors(), [])

    def text(self, selector):
        return self.browser.run("document.querySelector(%s).innerText" % json.dumps(selector))

    def state(self, name):
        return self.browser.run("profd.state.%s" % name)

    def press(self, *keys, **modifiers):
        for key in keys:
            self.browser.key(key, **modifiers)
            self.browser.settle()

    def frame(self, name):
        """Where a frame is drawn in the window: x, y of its middle."""
        return self.browser.run("""(() => {
          const f = profd.flame, box = f.scroller.getBoundingClientRect();
          for (let i = 0; i < profd.tree.n; i++) {
            if (profd.nameOf(i)[0] !== %s) continue;
            const p = f.place(i);
            if (p) return {x: box.x + p.x + p.w / 2, y: box.y + f.rowY(p.row) - f.scroller.scrollTop + 10, node: i};
          }
          return null;
        })()""" % json.dumps(name))

    def click_frame(self, name, button="left"):
        place = self.frame(name)
        self.assertIsNotNone(place, name)
        self.browser.click(place["x"], place["y"], button)
        self.browser.settle()

    def menu(self, entry):
        self.browser.run("[...document.querySelectorAll('#menu button')].find((b) => b.textContent === %s).click()"
                         % json.dumps(entry))
        self.browser.settle()

    def rows(self):
        """The table's cells, as far as they are drawn."""
        return self.browser.run("[...document.querySelectorAll('#table tbody tr:not([aria-hidden])')]"
                                ".map((row) => [...row.cells].map((cell) => cell.innerText))")

    def share_of(self, name):
        """A function's cumulative share, from the worker's sums."""
        return self.browser.run("""(() => {
          const i = profd.meta.functions.name.indexOf(%s), t = profd.table.t;
          return (t.b || t).cum[i] / (t.b || t).total;
        })()""" % json.dumps(name))

    # ---- what is shown

    def test_first_picture_tells_what_was_measured(self):
        self.open("service")
        strip = self.text("#strip")
        self.assertIn("12,6", strip)             # samples
        self.assertIn("ring_full 12", strip)     # lost, by reason
        self.assertIn("99.9 of 100 Hz", strip)   # so much of the rate was reached
        self.assertNotIn("pid_reused", strip)    # nothing was lost to it
        self.assertEqual(self.browser.run("profd.totals[0].samples"),
                         self.browser.run("profd.tree.values[2][0]"))
        self.assertAlmostEqual(self.share_of("Server.handle"), 1, delta=0.02)

    def test_loss_is_of_the_whole_recording_whatever_is_selected(self):
        for fragment in ("", "#t=1700000010000-1700000016000", "#th=4242", "#x=drop:%3Dwalk%40tree.py"):
            self.open("service", fragment)
            strip = self.text("#strip")
            self.assertIn("0.095% ring_full 12", strip, fragment)
            self.assertIn("99.9 of 100 Hz", strip, fragment)

    def test_search_finds_frames_that_are_not_drawn(self):
        self.open("service", "#z=serve%40main.py/Server.handle%40main.py/Query.all%40query.py")
        self.press("/")
        self.browser.type("slow_path")
        self.browser.settle()
        self.assertIsNone(self.frame("slow_path"))
        share = self.share_of("slow_path")
        self.assertIn("%.1f%%" % (100 * share), self.text("#found"))
        self.assertIn("0.000% of the view", self.text("#found"))
        self.assertEqual([row[0].split()[0] for row in self.rows()], ["slow_path"])

    def test_search_counts_each_sample_once(self):
        self.open("service", "#q=walk")
        self.assertAlmostEqual(self.browser.run("profd.found.share"), self.share_of("walk"))

    def test_search_forms(self):
        self.open("service")
        found = {}
        for query in ("SERVER", "server", "Server", "/^slow_/", "ranking.py:25", "ranking.py:26",
                      "lib:numpy", "lib:sqlalchemy"):
            self.browser.run("profd.go({query: %s})" % json.dumps(query))
            self.browser.settle()
            found[query] = self.browser.run("profd.found.share")
        self.assertEqual(found["SERVER"], 0)
        self.assertGreater(found["server"], 0.9)
        self.assertEqual(found["server"], found["Server"])
        self.assertEqual(found["/^slow_/"], self.share_of("slow_path"))
        self.assertEqual(found["ranking.py:25"], self.share_of("slow_path"))
        self.assertEqual(found["ranking.py:26"], 0)
        self.assertEqual(found["lib:numpy"], self.share_of("_sum"))
        self.assertEqual(found["lib:sqlalchemy"], self.share_of("Query.all"))
        self.browser.run("profd.go({query: '/(/'})")
        self.browser.settle()
        self.assertIn("not a regular expression", self.text("#found"))

    def test_zoom_and_back(self):
        self.open("service")
        self.click_frame("slow_path")
        self.assertEqual(self.state("zoom")[-1], "slow_path@ranking.py")
        self.assertIn("slow_path", self.text("#details"))
        place = self.frame("slow_path")
        width = self.browser.run("profd.flame.place(%d).w" % place["node"])
        self.assertEqual(width, self.browser.run("profd.flame.width"))
        self.browser.run("history.back()")
        self.browser.settle()
        self.browser.wait("profd.state.zoom.length === 0")
        self.assertIsNotNone(self.frame("Template.render"))

    def test_merged_frames_open(self):
        self.open("large:30000")
        opened = self.browser.run("""(() => {
          const {rects} = profd.flame;
          for (let r = 0; r < rects.n; r++) {
            if (rects.small[r] > 1 && rects.w[r] > 1) {
              const row = rects.rowStart.findIndex((s, i) => r >= s && r < rects.rowEnd(i));
              const box = profd.flame.scroller.getBoundingClientRect();
              return {x: box.x + rects.x[r] + rects.w[r] / 2, y: box.y + profd.flame.rowY(row) + 10};
            }
          }
        })()""")
        self.browser.click(opened["x"], opened["y"])
        self.browser.settle()
        self.assertNotEqual(self.state("small"), "")
        self.assertGreater(self.browser.run("profd.flame.small"), 0)
        drawn = self.browser.run("profd.flame.rects.rowEnd(profd.flame.zoomRow + 1) - "
                                 "profd.flame.rects.rowStart[profd.flame.zoomRow + 1]")
        self.assertGreater(drawn, 1)

    def test_sums_leave_nothing_out(self):
        self.open("large:30000")
        selves = self.browser.run("profd.tree.values[1].reduce((sum, v) => sum + v, 0)")
        self.assertAlmostEqual(selves, self.browser.run("profd.totals[0].total"), places=5)
        table = self.browser.run("profd.table.t.self.reduce((sum, v) => sum + v, 0)")
        self.assertAlmostEqual(table, selves, places=5)
        callers = "profd.go({view: 'callers'})"
        self.browser.run(callers)
        self.browser.settle()
        self.assertAlmostEqual(self.browser.run("profd.tree.values[0][0]"), selves, places=5)

    # ---- time

    def test_range_rules_every_view(self):
        self.open("service")
        whole = self.share_of("slow_path")
        box = self.browser.box("#heatcanvas")
        y = box["y"] + 30
        self.browser.drag(box["x"] + box["width"] * 0.55, y, box["x"] + box["width"] * 0.64, y)
        self.browser.settle()
        later = self.share_of("slow_path")
        self.assertGreater(later, whole * 1.3)
        self.assertAlmostEqual(self.browser.run("profd.totals[0].seconds"), 6, delta=1.1)
        node = self.frame("slow_path")["node"]
        self.assertAlmostEqual(self.browser.run("profd.tree.values[0][%d] / profd.totals[0].total" % node), later)
        self.assertIn("22:13", self.text("#chips").replace("21:13", "22:13"))
        self.press("a")
        self.assertAlmostEqual(self.share_of("slow_path"), whole)

    def test_two_ranges_make_a_difference(self):
        self.open("service")
        box = self.browser.box("#heatcanvas")
        y, at = box["y"] + 30, lambda part: box["x"] + box["width"] * part
        self.browser.drag(at(0.1), y, at(0.45), y)
        self.browser.settle()
        self.browser.drag(at(0.52), y, at(0.64), y, ctrl=True)
        self.browser.settle()
        self.assertEqual(self.browser.run("profd.totals.length"), 2)
        rows = self.rows()
        self.assertEqual(rows[0][0].split()[0], "slow_path")
        self.assertIn("▲", rows[0][3])

    def test_times_can_be_typed(self):
        self.open("service", "#utc=1")
        for name, text in (("from", "22:13:50"), ("to", "+40s")):
            self.browser.run("(() => { const i = document.getElementById('%s'); i.value = '%s';"
                             "i.dispatchEvent(new Event('change')); })()" % (name, text))
            self.browser.settle()
        self.assertEqual(self.state("range"), [1700000030000, 1700000040000 + self.browser.run(
            "profd.meta.headers[0].first_ms - 1700000000000")])

    def test_rows_for_threads(self):
        self.open("service", "#h=thread")
        names = self.browser.run("profd.heatmap.data.names.map((n) => n.tid)")
        self.assertEqual(names, [4242, 4245, 4244, 4243])  # the main thread, then the busiest

    def test_more_threads_than_a_canvas_is_high_have_rows(self):
        self.open("threads:5000", "#h=thread")
        ink = "new Set(profd.heatmap.context.getImageData(0, 0, 600, 100).data).size"
        self.assertLess(self.browser.run("profd.heatmap.canvas.height"), 200)
        self.assertGreater(self.browser.run(ink), 5)
        axis = "[...profd.heatmap.context.getImageData(150, profd.heatmap.canvas.height - 18, 600, 18).data]"
        before = self.browser.run(axis)
        self.browser.run("document.getElementById('heatbox').scrollTop = 1e9")
        self.browser.settle()
        self.assertGreater(self.browser.run(ink), 5)
        self.assertEqual(self.browser.run(axis), before)
        box = self.browser.box("#heatcanvas")
        self.browser.click(box["x"] + 20, box["y"] + box["height"] - 18 - 5)
        self.browser.settle()
        self.assertEqual(self.state("tid"), self.browser.run("profd.heatmap.data.names.at(-1).tid"))

    def test_a_file_without_times_says_so(self):
        self.open("timeless")
        self.assertIn("keeps no times", self.text("#time"))
        self.assertAlmostEqual(self.share_of("Server.handle"), 1, delta=0.02)

    def test_waiting_is_shown_by_reason(self):
        self.open("waiting")
        self.assertIn("GIL waited for\n25.0%", self.text("#strip"))
        self.assertIsNotNone(self.frame("[waiting: socket]"))
        self.browser.run("profd.go({noWaiting: true})")
        self.browser.settle()
        self.assertIsNone(self.frame("[waiting: socket]"))
        self.assertEqual(self.browser.run("profd.totals[0].samples"), 500)

    # ---- views and filters

    def test_callers_and_callees(self):
        self.open("service", "#v=fn&f=score_items%40ranking.py")
        self.assertAlmostEqual(self.browser.run("profd.tree.values[0][0] / profd.totals[0].total"),
                               self.share_of("score_items"))
        above = self.browser.run("(({n, key}) => [...key].slice(1, n).map((k) => profd.meta.functions.name[k]))"
                                 "(document.querySelector('#above').hidden ? {} : profd.callers)")
        self.assertIn("Query.all", above)
        self.assertIn("slow_path", self.browser.run(
            "[...profd.tree.key].slice(1).map((k) => profd.meta.functions.name[k])"))

    def test_recursion_is_folded(self):
        self.open("service")
        folded = self.browser.run("[...profd.tree.fold].some((f) => f >= 3)")
        self.assertTrue(folded)
        before = self.browser.run("profd.tree.n")
        self.press("r")
        self.assertGreater(self.browser.run("profd.tree.n"), before)
        self.assertFalse(self.browser.run("[...profd.tree.fold].some((f) => f > 0)"))

    def test_filters(self):
        self.open("service")
        total = self.browser.run("profd.totals[0].samples")
        part = self.share_of("slow_path")
        self.click_frame("slow_path", "right")
        self.menu("Keep only stacks with it")
        kept = self.browser.run("profd.totals[0].samples")
        self.assertAlmostEqual(kept / total, part)
        self.browser.run("history.back()")
        self.browser.wait("profd.state.filters.length === 0")
        self.browser.settle()
        self.click_frame("slow_path", "right")
        self.menu("Drop stacks with it")
        self.assertAlmostEqual(self.browser.run("profd.totals[0].samples"), total - kept)
        self.browser.run("document.querySelector('#chips button').click()")
        self.browser.settle()
        self.click_frame("Server.handle", "right")
        self.menu("Hide this frame")
        self.assertIsNone(self.frame("Server.handle"))
        self.assertEqual(self.browser.run("profd.totals[0].samples"), total)
        self.browser.run("profd.go({filters: [['start', '=score_items@ranking.py']]})")
        self.browser.settle()
        self.assertIsNone(self.frame("serve"))
        self.assertIsNotNone(self.frame("score_items"))

    def test_presets(self):
        self.open("service", "#k=056")
        kinds = self.browser.run("[...profd.tree.key].slice(1).map((k) => profd.meta.functions.kind[k])")
        self.assertEqual(set(kinds), {0})
        self.browser.run("profd.go({kinds: '', noImports: true})")
        self.browser.settle()
        self.assertIsNone(self.frame("_load_unlocked"))

    def test_table_reaches_all_rows(self):
        self.open("large:30000")
        count = self.browser.run("profd.table.order.length")
        self.assertGreater(count, 10000)
        self.assertEqual(self.browser.run("+document.querySelector('#table table').getAttribute('aria-rowcount')"), count + 1)
        self.press("t", "End")
        self.assertEqual(self.browser.run("profd.table.selected === profd.table.order[%d]" % (count - 1)), True)
        self.assertEqual(self.browser.run("+[...document.querySelectorAll('#table tr[aria-rowindex]')].pop()"
                                          ".getAttribute('aria-rowindex')"), count + 1)

    def test_table_groups(self):
        self.open("service")
        for by, name in (("pkg", "numpy"), ("file", "/srv/shop/shop/ranking.py"),
                         ("thread", "worker-3 (4245)"), ("process", "gunicorn (4242)"),
                         ("line", "slow_path")):
            self.browser.run("profd.go({by: '%s'})" % by)
            self.browser.settle()
            self.assertTrue(any(row[0].startswith(name) for row in self.rows()), (by, self.rows()[:5]))

    # ---- source

    def test_source_shows_time_by_line(self):
        path = pathlib.Path(self.folder.name) / "fits.py"
        path.write_text("def outer():\n    for i in x:\n        inner(i)\n\n\n\ndef inner(i):\n"
                        "    # </script>\n    return i\n")
        self.open("source:" + str(path), "#tb=source&src=inner%40fits.py")
        self.browser.wait("document.querySelector('#source pre')")
        self.browser.settle()
        self.assertIn("return i", self.text("#source"))
        line = self.browser.run("[...document.querySelectorAll('#source .line')].find((l) => "
                                "l.firstChild.textContent === '9').innerText")
        self.assertIn("66.7%", line)
        self.assertIn("▲", line)

    # ---- difference of two files

    def test_difference_is_found(self):
        self.open("diff")
        rows = {row[0].split()[0]: row for row in self.rows()}
        self.assertIn("▲", rows["slow_path"][3])
        self.browser.run("profd.go({only: 'slower'})")
        self.browser.settle()
        self.assertEqual({row[0].split()[0] for row in self.rows()}, {"slow_path", "cblas_dgemm"})
        self.browser.run("profd.go({swap: true, only: 'faster'})")
        self.browser.settle()
        self.assertEqual({row[0].split()[0] for row in self.rows()}, {"slow_path", "cblas_dgemm"})

    def test_functions_are_paired_from_one_release_to_the_next(self):
        self.open("releases")
        self.assertEqual(self.browser.run("[2, 5].map((v) => [...profd.tree.values[v]])"), [[500] * 5] * 2)
        self.assertIn("/srv/releases/42/shop/main.py", self.browser.run("profd.meta.functions.file"))
        for by, names in (("file", {"/srv/releases/*/shop/main.py", "<ipython-input-*-*>", "json/__init__.py",
                                    "libpython.so"}),
                          ("pkg", {"[own]", "[stdlib]", "libpython.so"})):
            self.browser.run("profd.go({by: '%s'})" % by)
            self.browser.settle()
            self.assertEqual({row[0] for row in self.rows()}, names)
        for query in ("libpython.so", "libpython3.13.so", "<ipython-input-*-*>"):
            self.browser.run("profd.go({query: '%s'})" % query)
            self.browser.settle()
            self.assertEqual(self.browser.run("profd.found.share"), 1, query)

    def test_nothing_is_claimed_where_nothing_changed(self):
        self.open("same", "#d=slower")
        self.assertEqual(self.rows(), [])
        self.browser.run("profd.go({only: 'faster'})")
        self.browser.settle()
        self.assertEqual(self.rows(), [])

    # ---- links

    def test_link_opens_the_same_view(self):
        self.open("service")
        self.click_frame("slow_path")
        self.browser.run("profd.go({query: 'numpy', by: 'pkg', range: [1700000010000, 1700000050000], heat: 'thread',"
                         "filters: [['drop', '=walk@tree.py']], labels: [['python', '3.11']]})")
        self.browser.settle()
        fragment = self.browser.run("location.hash")
        state = self.browser.run("JSON.stringify(profd.state)")
        shares = self.browser.run("[...profd.tree.weight]")
        self.open("service", fragment)
        self.assertEqual(self.browser.run("JSON.stringify(profd.state)"), state)
        self.assertEqual(self.browser.run("[...profd.tree.weight]"), shares)
        self.assertEqual(self.browser.run("profd.nameOf(profd.flame.top)[0]"), "slow_path")

    def test_a_broken_link_still_opens(self):
        for fragment in ("#z=%E0%A4%A&v=nonsense&t=9-1&x=a/b&q=%", "#z=gone%40gone.py&f=nobody&v=fn"):
            self.open("service", fragment)
            self.assertIsNotNone(self.frame("Server.handle"))

    # ---- keyboard, themes, sizes

    def test_keyboard_alone(self):
        self.open("service")
        self.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
        self.assertIn("of parent", self.text("#details"))
        first = self.browser.run("profd.nameOf(profd.flame.focus)[0]")
        self.press("ArrowRight")
        self.assertNotEqual(self.browser.run("profd.nameOf(profd.flame.focus)[0]"), first)
        self.press("Enter")
        self.assertEqual(len(self.state("zoom")), 3)
        self.press("Escape")
        self.assertEqual(len(self.state("zoom")), 2)
        self.press("i")
        self.assertEqual(self.state("view"), "callers")
        self.press("i", "m")
        self.press("/")
        self.browser.type("score")
        self.browser.settle()
        self.press("Enter", "n", "N")
        self.assertIn("score", self.browser.run("profd.nameOf(profd.flame.focus)[0]"))
        self.press("c")
        self.assertEqual(self.state("view"), "fn")
        self.press("?")
        self.assertTrue(self.browser.run("document.querySelector('dialog').open"))

    def test_the_focus_stays_on_its_frame_or_goes(self):
        focus = "((f) => f.focus < 0 ? null : profd.nameOf(f.focus)[0])(profd.flame)"
        self.open("service")
        self.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight")
        name = self.browser.run(focus)
        self.assertIn(name, self.text("#details"))
        for change in ("{order: 'name'}", "{range: [1700000000000, 1700000002000]}", "{noFold: true}",
                       "{filters: [['drop', '=walk@tree.py']], order: 'weight'}"):
            self.browser.run("profd.go(%s)" % change)
            self.browser.settle()
            self.assertEqual(self.browser.run(focus), name, change)
            self.assertIn(name, self.text("#details"))
        for change in ("{lines: true}", "{kinds: '4'}", "{view: 'callers'}"):
            self.open("service")
            self.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight")
            self.browser.run("profd.go(%s)" % change)
            self.browser.settle()
            self.assertIsNone(self.browser.run(focus), change)
            self.assertIn("Point at a frame", self.text("#details"))

    def test_ctrl_f_is_ours_once(self):
        self.open("service")
        self.press("f", ctrl=True)
        self.assertEqual(self.browser.run("document.activeElement.id"), "query")
        self.assertTrue(self.browser.run("""(() => {
          const event = new KeyboardEvent('keydown', {key: 'f', ctrlKey: true, cancelable: true, bubbles: true});
          document.getElementById('query').dispatchEvent(event);
          return !event.defaultPrevented;
        })()"""))

    def test_contrast_of_every_color(self):
        self.open("service")
        for dark in ("false", "true"):
            p = self.browser.run("profd.palette(%s)" % dark)
            for fill in sum([*p["fills"], *p["change"].values()], []):
                self.assertGreaterEqual(contrast(fill, p["text"]), 4.5)
                self.assertGreaterEqual(contrast(fill, p["ground"]), 3)
            self.assertGreaterEqual(contrast(p["hit"], p["hitText"]), 4.5)
            self.assertGreaterEqual(contrast(p["merged"], p["ground"]), 3)
            self.assertGreaterEqual(contrast(p["ink"], p["ground"]), 7)

    def test_light_and_dark(self):
        self.open("service")
        grounds = {}
        for theme in ("light", "dark"):
            self.browser.theme(theme)
            self.browser.settle()
            grounds[theme] = self.browser.run("[getComputedStyle(document.body).backgroundColor,"
                                              "[...profd.flame.context.getImageData(5, profd.flame.view - 5, 1, 1).data]]")
        self.assertEqual(grounds["light"], ["rgb(255, 255, 255)", [255, 255, 255, 255]])
        self.assertEqual(grounds["dark"], ["rgb(22, 24, 29)", [22, 24, 29, 255]])

    def test_paper_has_graph_rows_and_link(self):
        self.open("service")
        self.browser.run("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(self.browser.run("document.querySelectorAll('#printed img').length"), 1)
        self.assertEqual(self.browser.run("document.querySelectorAll('#printed tbody tr').length"), 50)
        self.assertIn("file:", self.browser.run("document.querySelector('#printed a').href"))

    # ---- hostile and odd profiles

    def test_hostile_names_are_text(self):
        self.open("hostile")
        self.assertNotEqual(self.browser.run("document.title"), "owned")
        self.assertEqual(self.browser.run("document.querySelectorAll('img, b b').length"), 0)
        self.assertEqual(self.browser.run("document.querySelectorAll('script:not([data-part])').length"), 2)
        table = self.text("#table")
        self.assertIn("evil\\u202ecod.exe", table)
        self.assertNotIn("\u202e", self.text("body"))
        self.assertIn("</script><img", table)
        for name in ("__proto__", "@;:/&=%23#?"):
            self.open("hostile")
            self.click_frame(name)
            fragment = self.browser.run("location.hash")
            self.open("hostile", fragment)
            self.assertEqual(self.browser.run("profd.nameOf(profd.flame.top)[0]"), name)
        self.browser.run("profd.go({query: '@;:/&=%23#?', zoom: []})")
        self.browser.settle()
        self.assertAlmostEqual(self.browser.run("profd.found.share"), 1 / 11)

    def test_empty_profile_says_so(self):
        self.open("empty")
        self.assertIn("holds no samples", self.text("#graph"))

    def test_a_profile_of_many_pieces_is_whole_and_each_stack_merged_once(self):
        for case in ("service", "large:200000"):
            for fragment in ("", "#ln=1"):
                self.open(case, fragment)
                self.assertEqual(self.state("lines"), bool(fragment))
                made = self.browser.run("""(() => {
                  const {n, parent, key, values} = profd.tree, seen = new Set();
                  for (let i = 1; i < n; i++) seen.add(parent[i] * 2 ** 24 + key[i]);
                  return {nodes: n - 1, distinct: seen.size, samples: values[2][0], events: profd.meta.events[0]};
                })()""")
                self.assertEqual(made["nodes"], made["distinct"])
                self.assertEqual(made["samples"], made["events"])
        # More than one piece, or this proves nothing of pieces.
        self.assertGreater(self.pages[case].read_text().count('data-part="a"'), 1)

    def test_a_profile_of_many_threads_opens(self):
        self.open("threads:150000")
        self.assertEqual(self.browser.run("profd.totals[0].samples"), 300000)
        self.browser.run("profd.go({by: 'thread'})")
        self.browser.settle()
        self.assertEqual(self.browser.run("profd.table.order.length"), 150000)

    def test_deep_stacks_are_drawn_to_their_end(self):
        self.open("deep:2800")
        self.assertEqual(self.browser.run("profd.flame.rects.rowStart.length"), 2801)
        self.assertLess(self.browser.run("profd.flame.canvas.height"), 2000)
        self.browser.run("profd.flame.scroller.scrollTop = 1e9")
        self.browser.settle()
        colors = self.browser.run("""(() => {
          const seen = new Set(), {data} = profd.flame.context.getImageData(0, 0, 200, profd.flame.view);
          for (let i = 0; i < data.length; i += 400) seen.add(data[i] + ',' + data[i + 1]);
          return seen.size;
        })()""")
        self.assertGreater(colors, 2)
        self.browser.run("profd.go({query: 'level_2799'})")
        self.browser.settle()
        self.assertEqual(self.browser.run("profd.found.share"), 1)

    def test_saves_the_profile_as_pprof(self):
        self.open("service")
        data = self.browser.run("""(async () => {
          const made = [], make = URL.createObjectURL;
          URL.createObjectURL = (blob) => { made.push(blob); return make(blob); };
          HTMLAnchorElement.prototype.click = () => {};
          document.getElementById('save').click();
          URL.createObjectURL = make;
          return [...new Uint8Array(await made[0].arrayBuffer())];
        })()""")
        self.assertIn(b"slow_path", gzip.decompress(bytes(data)))


def main():
    global MAKE_PAGE
    MAKE_PAGE = sys.argv.pop(1)
    if browser.find() is None:
        print("no chromium on the PATH: the page is not tested (scripts/setup test)")
        sys.exit(77)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
