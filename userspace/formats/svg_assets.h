// The fixed parts of a flame graph in SVG.
#ifndef PROFD_USERSPACE_FORMATS_SVG_ASSETS_H_
#define PROFD_USERSPACE_FORMATS_SVG_ASSETS_H_

#include "userspace/analysis/frame_class.h"

namespace profd {

inline constexpr int kSvgShades = 5;

// White text on each has a contrast of 4.7:1 or more, and so has each against a white ground.
// In the order of FrameClass.
inline constexpr const char* kSvgFills[kFrameClasses][kSvgShades] = {
    {"#9a4208", "#a34709", "#ad4a09", "#b64e0a", "#bd520a"},  // own
    {"#185caa", "#1a62b5", "#1b68bf", "#1d6dc9", "#1e72d2"},  // library
    {"#0f694b", "#107050", "#117655", "#127c59", "#13825d"},  // stdlib
    {"#773db8", "#7e43c0", "#834bc3", "#8852c5", "#8d59c8"},  // native
    {"#ab2850", "#b62b55", "#c02d59", "#ca2f5e", "#d03665"},  // kernel
    {"#515d6f", "#566377", "#5b697e", "#5f6e84", "#64738a"},  // waiting
    {"#605c55", "#66625b", "#6c675f", "#716d65", "#77726a"},  // marker
};

// Of a difference: the surer a change, the hotter or the colder. Contrasts as above.
inline constexpr const char* kSvgMore[kSvgShades] = {"#b05c33", "#ba4d27", "#c23a1c", "#c52410",
                                                     "#c40b05"};
inline constexpr const char* kSvgLess[kSvgShades] = {"#3e78a5", "#3071b3", "#2369c6", "#155edb",
                                                     "#064df4"};
inline constexpr char kSvgSame[] = "#6b717b";

inline constexpr char kSvgStyle[] = R"css(
svg{background:#fff;font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
text{fill:#181c23}
#frames text{fill:#fff;pointer-events:none}
#frames g{cursor:pointer}
#frames g:hover rect,#frames g:focus rect{stroke:#181c23;stroke-width:2}
#frames g:focus{outline:none}
.up rect{opacity:.55}
.hit rect{fill:#ffd633}
#frames .hit text{fill:#14120a}
#title{font-weight:bold;font-size:14px}
.button{cursor:pointer;text-decoration:underline}
)css";

// A frame's <g> has its place in data-x and data-w (of 1), its text in data-n, of a change its mark
// in data-m; depth grows upward.
inline constexpr char kSvgScript[] = R"js(
(function () {
  "use strict";
  var WIDTH = 1180, LEFT = 10, CHAR = 7.25;
  var svg = document.documentElement;
  var frames = Array.prototype.slice.call(document.querySelectorAll("#frames > g"));
  var details = document.getElementById("details"), reset = document.getElementById("reset");
  var search = document.getElementById("search"), found = document.getElementById("found");
  var rest = details.textContent, pattern = null;
  var all = frames.map(function (g) {
    var x = +g.getAttribute("data-x");
    return {g: g, x: x, end: x + +g.getAttribute("data-w"), depth: +g.getAttribute("data-d"),
            name: g.getAttribute("data-n"), mark: g.getAttribute("data-m") || "", rect: g.querySelector("rect"),
            text: g.querySelector("text"), title: g.querySelector("title").textContent};
  });

  // As the writer cuts: the module goes first, then the middle.
  function fit(name, width) {
    var room = Math.floor((width - 6) / CHAR), chars = Array.from(name);
    if (room < 3) return "";
    if (chars.length <= room) return name;
    var short = name.charAt(0) === "<" || / /.test(name) ? name : name.slice(name.lastIndexOf(".") + 1);
    chars = Array.from(short);
    if (chars.length <= room) return short;
    var tail = Math.floor((room - 1) / 2);
    return chars.slice(0, room - 1 - tail).join("") + "\u2026" + chars.slice(chars.length - tail).join("");
  }

  function label(f, width) {
    return f.mark ? fit(f.mark + " " + fit(f.name, width - 2 * CHAR), width) : fit(f.name, width);
  }

  function zoom(to) {
    var x0 = to ? to.x : 0, x1 = to ? to.end : 1, scale = WIDTH / (x1 - x0), slack = (x1 - x0) * 1e-6;
    all.forEach(function (f) {
      var above = to && f.depth < to.depth && f.x <= x0 + slack && f.end >= x1 - slack;
      var inside = f.x >= x0 - slack && f.end <= x1 + slack && (!to || f.depth >= to.depth);
      f.g.style.display = above || inside ? "" : "none";
      f.g.setAttribute("class", above ? "up" : "");
      if (!above && !inside) return;
      var left = above ? 0 : (f.x - x0) * scale, width = above ? WIDTH : (f.end - f.x) * scale;
      f.rect.setAttribute("x", LEFT + left);
      f.rect.setAttribute("width", Math.max(width - 0.5, 0.2));
      f.text.setAttribute("x", LEFT + left + 3);
      f.text.textContent = label(f, width);
    });
    reset.style.display = to ? "" : "none";
    mark();
  }

  // Each place counts once: a match inside a match adds nothing.
  function mark() {
    var spans = [];
    all.forEach(function (f) {
      var hit = pattern !== null && pattern(f.name);
      f.g.classList.toggle("hit", hit);
      if (hit) spans.push([f.x, f.end]);
    });
    spans.sort(function (a, b) { return a[0] - b[0]; });
    var sum = 0, end = 0;
    spans.forEach(function (s) {
      if (s[1] > end) { sum += s[1] - Math.max(s[0], end); end = s[1]; }
    });
    found.textContent = pattern === null ? "" : "matched " + (sum * 100).toFixed(2) + "%";
  }

  function ask() {
    var text = window.prompt("Search frames: text, or /regular expression/");
    if (text === null) return;
    pattern = null;
    if (/^\/.+\/$/.test(text)) {
      try {
        var expression = new RegExp(text.slice(1, -1));
        pattern = function (name) { return expression.test(name); };
      } catch (error) { window.alert(error.message); return; }
    } else if (text !== "") {
      var exact = text !== text.toLowerCase(), wanted = exact ? text : text.toLowerCase();
      pattern = function (name) { return (exact ? name : name.toLowerCase()).indexOf(wanted) >= 0; };
    }
    mark();
  }

  function show(f) { details.textContent = f ? f.title.replace(/\n/g, " \u00b7 ") : rest; }
  all.forEach(function (f) {
    f.g.setAttribute("tabindex", "0");
    f.g.addEventListener("click", function () { zoom(f); });
    f.g.addEventListener("mouseenter", function () { show(f); });
    f.g.addEventListener("mouseleave", function () { show(null); });
    f.g.addEventListener("focus", function () { show(f); });
    f.g.addEventListener("keydown", function (event) { if (event.key === "Enter") zoom(f); });
  });
  reset.addEventListener("click", function () { zoom(null); });
  search.addEventListener("click", ask);
  search.style.display = "";
  svg.addEventListener("keydown", function (event) {
    if (event.key === "Escape") zoom(null);
    if (event.key === "/" || (event.key === "f" && event.ctrlKey)) { event.preventDefault(); ask(); }
  });
})();
)js";

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_SVG_ASSETS_H_
