#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/collapsed.h"
#include "userspace/formats/frame_text.h"
#include "userspace/profile/utf8.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr size_t kMaxFrameBytes = 4096;
constexpr char kHex[] = "0123456789abcdef";

std::string Escaped(absl::string_view text) {
  const std::string clean = ToUtf8(text, kMaxFrameBytes);
  std::string out;
  size_t escaped = 0;  // bytes from here on
  for (size_t i = 0; i < clean.size(); ++i) {
    const char c = clean[i];
    if (escaped == 0) escaped = ControlBytes(absl::string_view(clean).substr(i));
    if (escaped > 0 || c == ';' || c == '\\') {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      escaped -= escaped > 0 ? 1 : 0;
    } else {
      out += c;
    }
  }
  return out;
}

std::string CollapsedFrame(const Function& function, int line, FrameLines lines) {
  return Escaped(function.kind == FrameKind::kKernel
                     ? absl::StrCat(function.name.empty() ? kUnnamed : function.name, "_[k]")
                     : FrameText(function, line, lines));
}

using Weights = absl::flat_hash_map<std::string, std::array<int64_t, 2>>;

// Stacks of different samples can read the same, for one where processes are not told apart.
void AddStacks(const Profile& profile, const FormatOptions& options, FrameLines lines, size_t side,
               Weights* weights) {
  std::vector<std::string> frames;
  for (const Profile::Location& location : profile.locations()) {
    frames.push_back(CollapsedFrame(*profile.functions()[location.function], location.line, lines));
  }
  for (const Profile::Sample& sample : profile.samples()) {
    const int64_t weight = Periods(sample, profile.window().period_ns);
    if (weight == 0) continue;
    std::string line;
    const Labels& labels = profile.labels(sample.labels);
    if (options.process_roots) absl::StrAppend(&line, Escaped(ProcessText(labels)), ";");
    if (options.thread_roots) absl::StrAppend(&line, Escaped(ThreadText(labels)), ";");
    const absl::Span<const uint32_t> stack = profile.stack(sample.stack);
    for (size_t i = stack.size(); i-- > 0;) absl::StrAppend(&line, frames[stack[i]], ";");
    if (line.empty()) line = absl::StrCat(kUnnamed, ";");
    line.pop_back();
    int64_t& sum = (*weights)[std::move(line)][side];
    sum += std::min(weight, std::numeric_limits<int64_t>::max() - sum);
  }
}

std::string Lines(const Weights& weights, bool both) {
  std::vector<std::pair<absl::string_view, std::array<int64_t, 2>>> sorted(weights.begin(),
                                                                           weights.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const auto& [line, weight] : sorted) {
    absl::StrAppend(&out, line, " ", weight[0]);
    if (both) absl::StrAppend(&out, " ", weight[1]);
    out += '\n';
  }
  return out;
}

}  // namespace

std::string EncodeCollapsed(const Profile& profile, const FormatOptions& options) {
  Weights weights;
  AddStacks(profile, options, options.lines.value_or(FrameLines::kExecuted), 0, &weights);
  return Lines(weights, false);
}

std::string EncodeDiffCollapsed(const Profile& before, const Profile& after,
                                const FormatOptions& options) {
  const FrameLines lines = options.lines.value_or(FrameLines::kNone);
  Weights weights;
  AddStacks(before, options, lines, 0, &weights);
  AddStacks(after, options, lines, 1, &weights);
  return Lines(weights, true);
}

}  // namespace profd
