// Writes pages with known contents, for the tests that open them in a browser.
//
// usage: make_page CASE OUTPUT.html
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/formats/html.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

constexpr int64_t kStartNs = 1'700'000'000'000'000'000;  // 2023-11-14 22:13:20 UTC
constexpr int64_t kPeriodNs = 10'000'000;

// Samples at given times of given stacks.
class Maker {
 public:
  explicit Maker(double seconds) {
    recording_.profile.set_window(
        {absl::FromUnixNanos(kStartNs), absl::Seconds(seconds), kPeriodNs});
  }
  void Add(double at, const Stack& stack, const Labels& labels, bool waiting = false) {
    Profile& profile = recording_.profile;
    const uint32_t sample = profile.Add(profile.InternStack(stack), labels, 1,
                                        waiting ? 0 : kPeriodNs, wall_ ? kPeriodNs : 0);
    recording_.events.push_back({kStartNs + static_cast<int64_t>(at * 1e9), sample, 1});
  }
  void set_wall() { wall_ = true; }
  Recording Take() {
    std::stable_sort(recording_.events.begin(), recording_.events.end(),
                     [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    return std::move(recording_);
  }
  Profile& profile() { return recording_.profile; }

 private:
  Recording recording_;
  bool wall_ = false;
};

Frame Python(const std::string& name, const std::string& file, int first, int line) {
  return MakeFrame(FrameKind::kPython, name, file, first, line);
}

Stack Outward(std::vector<Frame> frames) {
  std::reverse(frames.begin(), frames.end());
  return frames;
}

// A web service: `slow` is 10% of the first 30 s and 40% of the second.
Recording Service(double seconds = 60, double slow_later = 0.4, unsigned seed = 7) {
  Maker maker(seconds);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  const std::string app = "/srv/shop/shop/", site = "/usr/lib/python3/dist-packages/",
                    lib = "/usr/lib/python3.11/";
  const Frame serve = Python("serve", app + "main.py", 10, 14);
  const Frame request = Python("Server.handle", app + "main.py", 30, 41);
  const Frame render = Python("Template.render", site + "jinja2/environment.py", 1270, 1291);
  const Frame query = Python("Query.all", site + "sqlalchemy/orm/query.py", 2700, 2711);
  const Frame dumps = Python("dumps", lib + "json/__init__.py", 183, 231);
  const Frame encode = Python("JSONEncoder.encode", lib + "json/encoder.py", 183, 200);
  const Frame native = MakeFrame(FrameKind::kNative, "PyUnicode_Join", "/usr/bin/python3.11");
  const Frame gemm =
      MakeFrame(FrameKind::kNative, "cblas_dgemm", site + "numpy/core/_multiarray_umath.so");
  const Frame kernel = MakeFrame(FrameKind::kKernel, "tcp_sendmsg", "[kernel.kallsyms]");
  const Frame score = Python("score_items", app + "ranking.py", 5, 12);
  const Frame slow = Python("slow_path", app + "ranking.py", 20, 25);
  const Frame sum = Python("_sum", site + "numpy/core/_methods.py", 45, 49);
  const Frame walk = Python("walk", app + "tree.py", 3, 7);
  const Frame imports = Python("_load_unlocked", "<frozen importlib._bootstrap>", 666, 690);
  for (int tid = 0; tid < 4; ++tid) {
    Labels labels;
    labels.pid = 4242;
    labels.tid = 4242 + tid;
    labels.comm = "gunicorn";
    labels.thread = tid == 0 ? "gunicorn" : absl::StrCat("worker-", tid);
    labels.python = "3.11";
    const double busy = tid == 0 ? 0.2 : 0.5 + 0.1 * tid;
    for (double at = 0; at < seconds; at += 0.01) {
      // A pause of five seconds, for the heatmap.
      if (at > 40 && at < 45 && tid > 0) continue;
      if (uniform(random) > busy) continue;
      const double dice = uniform(random);
      const double slow_share = at < seconds / 2 ? 0.1 : slow_later;
      std::vector<Frame> frames = {serve, request};
      if (at < 1.5 && tid == 0) {
        frames = {serve, imports, imports, imports};
      } else if (uniform(random) < slow_share) {
        frames.insert(frames.end(), {score, slow});
        if (dice < 0.3) frames.insert(frames.end(), {sum, gemm});
      } else if (dice < 0.3) {
        frames.insert(frames.end(), {render});
        if (dice < 0.1) frames.insert(frames.end(), {native});
        for (int i = 0; i < static_cast<int>(dice * 200) % 9; ++i) {
          frames.push_back(Python(absl::StrCat("block_", i, "_", static_cast<int>(dice * 97) % 7),
                                  "/srv/shop/templates/page.html", 1, 3 + i));
        }
      } else if (dice < 0.55) {
        frames.insert(frames.end(), {query});
        if (dice < 0.42) frames.push_back(score);
      } else if (dice < 0.75) {
        frames.insert(frames.end(), {dumps, encode});
        if (dice < 0.65) frames.insert(frames.end(), {native});
      } else if (dice < 0.87) {
        for (int i = 0; i < 3 + static_cast<int>(dice * 1000) % 5; ++i) frames.push_back(walk);
      } else {
        frames.insert(frames.end(), {kernel});
      }
      maker.Add(at + uniform(random) * 0.009, Outward(frames), labels);
    }
  }
  maker.profile().AddComment(LostComment("ring_full", 12));
  maker.profile().AddComment(LostComment("pid_reused", 0));
  return maker.Take();
}

Recording Waiting() {
  Maker maker(20);
  maker.set_wall();
  const Frame main = Python("main", "/srv/app/main.py", 1, 9);
  const Frame work = Python("work", "/srv/app/main.py", 20, 22);
  const Frame gil = MakeFrame(FrameKind::kWaiting, "[waiting: GIL]", "");
  const Frame socket = MakeFrame(FrameKind::kWaiting, "[waiting: socket]", "");
  Labels labels;
  labels.pid = labels.tid = 77;
  labels.comm = "app";
  for (int i = 0; i < 2000; ++i) {
    if (i % 4 == 0) maker.Add(i * 0.01, Outward({main, work}), labels);
    if (i % 4 == 1) maker.Add(i * 0.01, Outward({main, work, gil}), labels, true);
    if (i % 4 > 1) maker.Add(i * 0.01, Outward({main, socket}), labels, true);
  }
  return maker.Take();
}

Recording Deep(int depth) {
  Maker maker(10);
  std::vector<Frame> frames;
  for (int i = 0; i < depth; ++i) {
    frames.push_back(Python(absl::StrCat("level_", i), "/srv/app/deep.py", 1 + i, 2 + i));
  }
  Labels labels;
  labels.pid = labels.tid = 9;
  labels.comm = "deep";
  for (int i = 0; i < 500; ++i) maker.Add(i * 0.02, Outward(frames), labels);
  return maker.Take();
}

// One program in another release, on another Python.
Recording Release(const std::string& number, const std::string& minor, const std::string& suffix) {
  Maker maker(10);
  const std::string libpython = absl::StrCat("/usr/lib/libpython3.", minor, ".so.1.0");
  const Stack stack = Outward(
      {Python("main", absl::StrCat("/srv/releases/", number, "/shop/main.py"), 1, 9),
       Python("<module>", absl::StrCat("<ipython-input-", number, "-5a2b>"), 1, 2),
       Python("loads", absl::StrCat("/usr/lib/python3.", minor, "/json/__init__.py"), 299, 346),
       MakeFrame(FrameKind::kNative, "scan_once" + suffix, libpython)});
  for (int i = 0; i < 500; ++i) maker.Add(i * 0.02, stack, {});
  return maker.Take();
}

// Each thread has two samples, one early and one late.
Recording Threads(int threads) {
  Maker maker(10);
  const Stack stack = {Python("work", "/srv/app/main.py", 20, 22)};
  for (int i = 0; i < threads; ++i) {
    Labels labels;
    labels.pid = 1;
    labels.tid = 2 + i;
    labels.comm = "app";
    labels.thread = absl::StrCat("t-", i);
    for (const double at : {1.0, 9.0}) maker.Add(at, stack, labels);
  }
  return maker.Take();
}

Recording Hostile() {
  Maker maker(5);
  Labels labels;
  labels.pid = labels.tid = 1;
  labels.comm = "</script><script>document.title='owned'</script>";
  labels.thread = "\xff\xfe";
  const std::vector<std::string> names = {
      "</script><img src=x onerror=\"document.title='owned'\">",
      "<!--<script>",
      "evil\xe2\x80\xae"
      "cod.exe",
      std::string("nul\0byte", 8),
      "line\nbreak\x1b[31m",
      "quote\"'`${document.title='owned'}\\",
      "\xc3\x28 not utf-8",
      "@;:/&=%23#?",
      "__proto__",
      std::string(100'000, 'x'),
      "",
  };
  int at = 0;
  for (const std::string& name : names) {
    for (int i = 0; i < 30; ++i) {
      maker.Add((at++ % 490) * 0.01,
                Outward({Python("main", "/srv/" + name + ".py", 1, 1), Python(name, name, 3, 4)}),
                labels);
    }
  }
  maker.profile().AddComment(LostComment("<b>bold</b>", 3));
  return maker.Take();
}

// `nodes` nodes of a call tree in which few calls are heavy and most are rare.
Recording Large(int nodes) {
  Maker maker(60);
  std::mt19937 random(3);
  std::vector<std::shared_ptr<const Function>> functions;
  for (int i = 0; i < 20'000; ++i) {
    functions.push_back(std::make_shared<const Function>(
        Function{FrameKind::kPython, absl::StrCat("Module", i % 331, ".method_", i),
                 absl::StrCat(i % 3 == 0   ? "/srv/app/"
                              : i % 3 == 1 ? "/usr/lib/python3/dist-packages/package/"
                                           : "/usr/lib/python3.11/",
                              "module_", i % 700, ".py"),
                 1 + i % 900}));
  }
  struct Node {
    uint32_t parent;
    uint32_t function;
  };
  std::vector<Node> tree = {{0, 0}};
  std::vector<uint32_t> depth = {0};
  while (tree.size() < static_cast<size_t>(nodes)) {
    uint32_t parent = random() % 4 == 0
                          ? random() % tree.size()
                          : tree.size() - 1 - random() % std::min<size_t>(tree.size(), 300);
    if (depth[parent] > 60) continue;
    tree.push_back({parent, static_cast<uint32_t>(random() % functions.size())});
    depth.push_back(depth[parent] + 1);
  }
  Labels labels;
  labels.pid = labels.tid = 5;
  labels.comm = "large";
  std::vector<bool> inner(tree.size(), false);
  for (size_t i = 1; i < tree.size(); ++i) inner[tree[i].parent] = true;
  std::uniform_real_distribution<double> uniform(0, 1);
  for (size_t i = 1; i < tree.size(); ++i) {
    if (inner[i]) continue;
    Stack stack;
    for (uint32_t at = static_cast<uint32_t>(i); at != 0; at = tree[at].parent) {
      const auto& function = functions[tree[at].function];
      stack.push_back({function, function->first_line + 1 + static_cast<int>(at % 3)});
    }
    const int times = 1 + static_cast<int>(3 * std::pow(uniform(random), -0.4)) % 60;
    for (int t = 0; t < times; ++t) maker.Add(uniform(random) * 60, stack, labels);
  }
  return maker.Take();
}

absl::StatusOr<std::string> Page(const std::string& name) {
  HtmlOptions options;
  options.command = "profd record -p 4242 -d 60s -o page.html";
  if (name == "service") return EncodeHtml(Service(), nullptr, options);
  if (name == "waiting") return EncodeHtml(Waiting(), nullptr, options);
  if (name == "empty") return EncodeHtml(Maker(10).Take(), nullptr, options);
  if (name == "hostile") return EncodeHtml(Hostile(), nullptr, options);
  if (name == "timeless") {
    Recording recording = Service();
    recording.events.clear();
    return EncodeHtml(recording, nullptr, options);
  }
  if (name == "same" || name == "diff") {
    const Recording a = Service(60, 0.1, 1), b = Service(60, name == "diff" ? 0.4 : 0.1, 2);
    options.a_name = "before.pb.gz";
    options.b_name = "after.pb.gz";
    return EncodeHtml(a, &b, options);
  }
  if (name == "releases") {
    const Recording a = Release("41", "12", ""), b = Release("42", "13", ".constprop.0");
    return EncodeHtml(a, &b, options);
  }
  int number = 0;
  if (name.rfind("deep:", 0) == 0 && absl::SimpleAtoi(name.substr(5), &number)) {
    return EncodeHtml(Deep(number), nullptr, options);
  }
  if (name.rfind("threads:", 0) == 0 && absl::SimpleAtoi(name.substr(8), &number)) {
    return EncodeHtml(Threads(number), nullptr, options);
  }
  if (name.rfind("large:", 0) == 0 && absl::SimpleAtoi(name.substr(6), &number)) {
    return EncodeHtml(Large(number), nullptr, options);
  }
  if (name.rfind("source:", 0) == 0) {  // a Python file of which two functions ran
    const std::string file = name.substr(7);
    Maker maker(10);
    const Frame outer = Python("outer", file, 1, 3), inner = Python("inner", file, 7, 9);
    for (int i = 0; i < 600; ++i) {
      maker.Add(i * 0.015,
                Outward(i % 3 == 0 ? std::vector<Frame>{outer} : std::vector<Frame>{outer, inner}),
                {});
    }
    options.with_source = true;
    return EncodeHtml(maker.Take(), nullptr, options);
  }
  return absl::InvalidArgumentError("no such case: " + name);
}

}  // namespace
}  // namespace profd

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto page = profd::Page(argv[1]);
  if (!page.ok()) {
    std::cerr << page.status() << '\n';
    return 1;
  }
  std::ofstream(argv[2], std::ios::binary) << *page;
  return 0;
}
