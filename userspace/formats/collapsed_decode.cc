#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "userspace/formats/collapsed.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

// Of one frame's text, and of distinct frames together.
constexpr size_t kMaxFrameBytes = 64 << 10;
constexpr size_t kMaxDistinctBytes = 256 << 20;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Only what the encoder escapes is turned back: other backslashes are someone's paths.
std::string Unescaped(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
      const int high = HexValue(text[i + 2]);
      const int low = HexValue(text[i + 3]);
      const int byte = high * 16 + low;
      if (high >= 0 && low >= 0 && (byte < 0x20 || byte >= 0x7f || byte == ';' || byte == '\\')) {
        out += static_cast<char>(byte);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return ToUtf8(out, out.size() * 3 + 3);
}

// "stack weight" with a decimal weight; flamegraph.pl admits a fraction.
bool SplitLine(absl::string_view line, absl::string_view* stack, int64_t* weight) {
  const size_t space = line.rfind(' ');
  if (space == absl::string_view::npos || space == 0) return false;
  const absl::string_view number = line.substr(space + 1);
  if (number.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(number[0]))) return false;
  *stack = absl::StripTrailingAsciiWhitespace(line.substr(0, space));
  if (stack->empty()) return false;
  if (absl::SimpleAtoi(number, weight)) return true;
  double fraction;
  if (!absl::SimpleAtod(number, &fraction) || !(fraction < 9e18)) return false;
  *weight = std::llround(fraction);
  return true;
}

// "stack before after": the stack of such a line, as SplitLine leaves it, ends in a count, too.
bool HasTwoWeights(absl::string_view stack) {
  const size_t digits = stack.find_last_not_of("0123456789") + 1;  // 0: there is nothing else
  return digits > 0 && digits < stack.size() && stack[digits - 1] == ' ';
}

// `what 12:"name"`, or less of it. False when it is a frame like any other.
bool ParseRoot(absl::string_view text, absl::string_view what, int64_t* id, std::string* name) {
  if (!absl::ConsumePrefix(&text, what) || !absl::ConsumePrefix(&text, " ")) return false;
  const size_t digits = text.find_first_not_of("0123456789");
  const absl::string_view number = text.substr(0, digits);
  const bool has_id = !number.empty() && absl::SimpleAtoi(number, id);
  text.remove_prefix(number.size());
  if (text.empty()) return has_id;
  if (has_id && !absl::ConsumePrefix(&text, ":")) return false;
  if (!absl::ConsumePrefix(&text, "\"") || !absl::ConsumeSuffix(&text, "\"")) return false;
  *name = std::string(text);
  return true;
}

profd::Frame ParseFrame(absl::string_view rest) {
  Function function{.kind = FrameKind::kNative};
  int line = 0;
  if (absl::ConsumeSuffix(&rest, "_[k]")) {
    function.kind = FrameKind::kKernel;
  } else if (absl::StartsWith(rest, "[waiting") && absl::EndsWith(rest, "]")) {
    function.kind = FrameKind::kWaiting;
  } else if (absl::StartsWith(rest, "[") && absl::EndsWith(rest, "]")) {
    function.kind = FrameKind::kMarker;
  } else if (const size_t open = rest.rfind(" (");
             absl::EndsWith(rest, ")") && open != absl::string_view::npos && open > 0) {
    absl::string_view file = rest.substr(open + 2, rest.size() - open - 3);
    rest = rest.substr(0, open);
    const size_t colon = file.rfind(':');
    if (colon != absl::string_view::npos && absl::SimpleAtoi(file.substr(colon + 1), &line)) {
      file = file.substr(0, colon);
      function.kind = FrameKind::kPython;
    } else if (absl::EndsWith(file, ".py") || absl::StartsWith(file, "<")) {
      function.kind = FrameKind::kPython;
    }
    function.file = std::string(file);
  }
  function.name = std::string(rest);
  return {std::make_shared<const Function>(std::move(function)), line < 0 ? 0 : line};
}

class Decoder {
 public:
  explicit Decoder(const Profile::Limits& limits)
      : max_frames_(limits.stack_frames), profile_(limits) {
    profile_.set_window({.period_ns = kCollapsedPeriodNs});
  }

  absl::Status Line(absl::string_view line) {
    absl::string_view text;
    int64_t count;
    if (!SplitLine(line, &text, &count)) {
      return absl::InvalidArgumentError("not \"frame;frame;… count\"");
    }
    ++lines_;
    two_weights_ += HasTwoWeights(text) ? 1 : 0;
    Labels labels;
    Stack stack;
    const size_t second = text.find(';') + 1;  // frame; 0: there is none
    // From the leaf on: what a limit cuts off is the outermost.
    while (!text.empty()) {
      const size_t semicolon = text.rfind(';');
      const size_t begin = semicolon == absl::string_view::npos ? 0 : semicolon + 1;
      if (absl::Status s = Frame(text.substr(begin), begin <= second, &labels, &stack); !s.ok()) {
        return s;
      }
      text = begin == 0 ? absl::string_view() : text.substr(0, semicolon);
    }
    const int64_t cpu_ns = count > std::numeric_limits<int64_t>::max() / kCollapsedPeriodNs
                               ? std::numeric_limits<int64_t>::max()
                               : count * kCollapsedPeriodNs;
    profile_.Add(profile_.InternStack(stack), labels, count, cpu_ns);
    return absl::OkStatus();
  }

  // INVALID_ARGUMENT: every line has two weights. A single one is a frame whose name ends so.
  absl::StatusOr<Profile> Take() {
    if (lines_ > 0 && two_weights_ == lines_) {
      return absl::InvalidArgumentError(
          "collapsed: two counts on every line: the difference of two profiles (as of profctl diff "
          "or difffolded.pl), not a profile");
    }
    profile_.AddComment(
        FormatComment({kAssumedPeriodComment, {}, absl::StrCat(kCollapsedPeriodNs)}));
    return std::move(profile_);
  }

 private:
  absl::Status Frame(absl::string_view text, bool near_root, Labels* labels, Stack* stack) {
    if (text.size() > kMaxFrameBytes) {
      return absl::ResourceExhaustedError(absl::StrCat("a frame of ", text.size(), " bytes"));
    }
    const auto known = frames_.find(text);
    if (known == frames_.end() || near_root) {
      std::string plain = Unescaped(text);
      if (near_root && (ParseRoot(plain, "process", &labels->pid, &labels->comm) ||
                        ParseRoot(plain, "thread", &labels->tid, &labels->thread))) {
        return absl::OkStatus();
      }
      if (known == frames_.end()) {
        distinct_bytes_ += 2 * text.size() + 256;
        if (distinct_bytes_ > kMaxDistinctBytes) {
          return absl::ResourceExhaustedError("too many distinct frames");
        }
        profd::Frame frame = ParseFrame(plain);
        if (stack->size() <= max_frames_) stack->push_back(frame);
        frames_.emplace(text, std::move(frame));
        return absl::OkStatus();
      }
    }
    if (stack->size() <= max_frames_) stack->push_back(known->second);
    return absl::OkStatus();
  }

  const size_t max_frames_;
  Profile profile_;
  absl::flat_hash_map<absl::string_view, profd::Frame> frames_;  // by text, of the input
  size_t distinct_bytes_ = 0;
  size_t lines_ = 0;
  size_t two_weights_ = 0;  // of them
};

// The next line without its end, taken off `text`.
absl::string_view NextLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  const absl::string_view line = text->substr(0, end);
  text->remove_prefix(end == absl::string_view::npos ? text->size() : end + 1);
  return absl::StripSuffix(line, "\r");
}

}  // namespace

absl::StatusOr<Profile> DecodeCollapsed(absl::string_view text, const Profile::Limits& limits) {
  Decoder decoder(limits);
  for (size_t number = 1; !text.empty(); ++number) {
    const absl::string_view line = NextLine(&text);
    if (line.empty() || line[0] == '#') continue;
    if (absl::Status s = decoder.Line(line); !s.ok()) {
      return absl::Status(s.code(), absl::StrCat("collapsed: line ", number, ": ", s.message()));
    }
  }
  return decoder.Take();
}

bool LooksLikeCollapsed(absl::string_view text) {
  constexpr size_t kLookedAt = 64 << 10;
  const bool whole = text.size() <= kLookedAt;
  text = text.substr(0, kLookedAt);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') return false;
  }
  while (!text.empty()) {
    const bool cut = !whole && text.find('\n') == absl::string_view::npos;
    const absl::string_view line = NextLine(&text);
    if (line.empty() || line[0] == '#') continue;
    absl::string_view stack;
    int64_t count;
    return cut || SplitLine(line, &stack, &count);
  }
  return false;
}

}  // namespace profd
