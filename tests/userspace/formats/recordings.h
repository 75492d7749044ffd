// Recordings for tests of formats.
#ifndef PROFD_TESTS_USERSPACE_FORMATS_RECORDINGS_H_
#define PROFD_TESTS_USERSPACE_FORMATS_RECORDINGS_H_

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/recording.h"

namespace profd {

inline constexpr int64_t kStartNs = 1'795'257'000'000'000'000;  // 2026-11-21
inline constexpr int64_t kPeriodNs = 10'000'000;

// An event, and the sample it belongs to.
inline void AddEvent(Recording* r, const Stack& stack, const Labels& labels, int64_t time_ns,
                     uint32_t ticks = 1, bool waiting = false) {
  const int64_t ns = int64_t{ticks} * r->profile.window().period_ns;
  const uint32_t sample =
      r->profile.Add(r->profile.InternStack(stack), labels, 1, waiting ? 0 : ns, waiting ? ns : 0);
  r->events.push_back({time_ns, sample, ticks});
}

// Two processes; Python, native and kernel frames; the main thread calls itself.
inline Recording SmallRecording() {
  Recording r;
  r.profile.set_window({absl::FromUnixNanos(kStartNs), absl::Seconds(1), kPeriodNs});
  const Frame module = MakeFrame(FrameKind::kPython, "<module>", "/app/x.py", 1, 40);
  const Frame fib = MakeFrame(FrameKind::kPython, "fib", "/app/x.py", 10, 12);
  const Frame inflate = MakeFrame(FrameKind::kNative, "inflate", "/usr/lib/libz.so.1");
  const Frame read = MakeFrame(FrameKind::kKernel, "ksys_read", "");
  const Labels main{4242, 4242, "gunicorn", "MainThread", "3.13.0", "0123abcd"};
  const Labels worker{4242, 4243, "gunicorn", "worker", "3.13.0", "0123abcd"};
  const Labels celery{77, 77, "celery", "MainThread", "3.8.18", ""};
  AddEvent(&r, {fib, fib, fib, module}, main, kStartNs + 1'000'000);
  AddEvent(&r, {read, inflate, fib, module}, worker, kStartNs + 5'000'000);
  AddEvent(&r, {fib, fib, fib, module}, main, kStartNs + 11'000'000, 2);
  AddEvent(&r, {module}, celery, kStartNs + 400'000'000);
  r.profile.AddComment("profd.lost{reason=\"ring_full\"} 12");
  return r;
}

// What a target may name its functions, files, threads and itself.
inline std::vector<std::string> HostileNames() {
  return {"a;b",
          "\"quoted\" 'single' `tick`",
          "</script><script>alert(1)</script>",
          "<!--",
          "]]>",
          "&amp;&lt;",
          std::string("nul\0nul", 7),
          "tab\tnewline\ncarriage\r",
          "\x1b[31mred\x7f",
          "back\\slash \\x3b",
          "bad \xff\xfe utf-8 \xc3",
          "\xed\xa0\x80",
          "жük \xe6\xbc\xa2 \xf0\x9f\x90\x8d",
          "\xe2\x80\xa8 line separator",
          "\xc2\x85 next line",
          "\xef\xbf\xbe",
          "process 1:\"x\"",
          "name (file.py:3)",
          "trailing 12",
          " ",
          "",
          std::string(20'000, 'x')};
}

// Every one of them everywhere that a name can stand.
inline Recording HostileRecording() {
  Recording r;
  r.profile.set_window({absl::FromUnixNanos(kStartNs), absl::Seconds(1), kPeriodNs});
  int64_t n = 0;
  for (const std::string& name : HostileNames()) {
    ++n;
    const Labels labels{n, n, name, name, name, name};
    for (const FrameKind kind : {FrameKind::kPython, FrameKind::kNative, FrameKind::kKernel,
                                 FrameKind::kMarker, FrameKind::kWaiting}) {
      AddEvent(&r, {MakeFrame(kind, name, name, 3, 4), PythonFrame("caller", 7)}, labels,
               kStartNs + n * 1'000'000 + static_cast<int>(kind));
    }
    r.profile.AddComment(name);
  }
  return r;
}

// A service of some threads sampled at its period; the same seed makes the same recording.
inline Recording ServiceRecording(size_t events, size_t stacks, int threads = 4,
                                  unsigned seed = 1) {
  std::mt19937 random(seed);
  Recording r;
  r.profile.set_window({absl::FromUnixNanos(kStartNs), absl::Seconds(30), kPeriodNs});
  const std::vector<Stack> all = ServiceStacks(stacks, seed);
  for (size_t i = 0; i < events; ++i) {
    const int thread = static_cast<int>(i % static_cast<size_t>(threads));
    const Labels labels{
        100 + thread / 4, 1000 + thread, "service", absl::StrCat("worker-", thread), "3.12.1", ""};
    const int64_t time = kStartNs + static_cast<int64_t>(i) / threads * kPeriodNs +
                         thread * 1'234'567 + static_cast<int64_t>(random() % 50'000);
    // Few stacks are most of the time.
    const size_t range = random() % 3 == 0 ? all.size() : all.size() / 20 + 1;
    AddEvent(&r, all[random() % range], labels, time, random() % 100 == 0 ? 2 : 1);
  }
  std::stable_sort(r.events.begin(), r.events.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return r;
}

}  // namespace profd

#endif  // PROFD_TESTS_USERSPACE_FORMATS_RECORDINGS_H_
