#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/collapsed.h"
#include "userspace/formats/frame_text.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

constexpr size_t kMaxFrameBytes = 4096;
constexpr char kHex[] = "0123456789abcdef";

std::string Escaped(absl::string_view text) {
  std::string out;
  for (const char c : ToUtf8(text, kMaxFrameBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == ';' || c == '\\') {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
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

}  // namespace

std::string EncodeCollapsed(const Profile& profile, const FormatOptions& options) {
  std::vector<std::string> frames;
  for (const Profile::Location& location : profile.locations()) {
    frames.push_back(CollapsedFrame(*profile.functions()[location.function], location.line,
                                    options.lines.value_or(FrameLines::kExecuted)));
  }
  // Stacks of different samples can read the same, for one where processes are not told apart.
  absl::flat_hash_map<std::string, int64_t> weights;
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
    int64_t& sum = weights[std::move(line)];
    sum += std::min(weight, std::numeric_limits<int64_t>::max() - sum);
  }
  std::vector<std::pair<absl::string_view, int64_t>> sorted(weights.begin(), weights.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const auto& [line, weight] : sorted) absl::StrAppend(&out, line, " ", weight, "\n");
  return out;
}

}  // namespace profd
