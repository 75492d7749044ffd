#include "userspace/record/empty_recording.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "symbolizer/process/process.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr double kBusyShare = 0.05;

// An interpreter was found, but cannot be read: that may be it.
std::string Unsupported(const Sampler& sampler) {
  std::string text;
  for (const Images::Unsupported& image : sampler.unsupported()) {
    absl::StrAppend(&text, "\nhint: not supported: ", Printable(image.path), ": ",
                    Printable(image.reason));
  }
  return text;
}

}  // namespace

std::string WhyNotPython(const Sampler& sampler, const std::vector<pid_t>& pids) {
  std::string text;
  for (pid_t pid : pids) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", "process ", pid, " (", Printable(Comm(pid)),
                    ") runs no Python that can be sampled");
  }
  const std::string unsupported = Unsupported(sampler);
  return absl::StrCat(text, unsupported.empty() ? "\nhint: -s samples its children" : unsupported);
}

std::string WhyEmpty(const Sampler& sampler, const FinishedWindow& window,
                     const std::vector<pid_t>& pids, bool is_command, double rate_hz) {
  const std::string nothing = "no sample was taken: ";
  if (window.processes > 0) {
    const bool waits = window.cpu < window.duration * kBusyShare;
    const bool slow = rate_hz < 1000;
    return absl::StrFormat("%sonly %.3f s of CPU time were used in %.1f s%s%s", nothing,
                           absl::ToDoubleSeconds(window.cpu),
                           absl::ToDoubleSeconds(window.duration), waits ? ": it waits" : "",
                           slow ? "\nhint: record longer, or at a higher rate: -r 1khz" : "");
  }
  if (is_command) {
    return absl::StrCat(nothing, "the command ran no Python that can be sampled",
                        Unsupported(sampler));
  }
  if (pids.empty()) {
    return absl::StrCat(
        nothing,
        sampler.processes() == 0 ? "there is no such process" : "no such process used any CPU time",
        Unsupported(sampler));
  }
  return absl::StrCat(nothing,
                      "the process used no CPU time: it waits"
                      "\nhint: -i shows what for");
}

}  // namespace profd
