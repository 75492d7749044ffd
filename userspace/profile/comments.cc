#include "userspace/profile/comments.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "userspace/profile/label_names.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr char kNamePrefix[] = "profd.";

void AppendEscaped(absl::string_view text, std::string* out) {
  while (!text.empty()) {
    const char c = text[0];
    const size_t control = ControlBytes(text);
    if (c == '\n') {
      out->append("\\n");
    } else if (control > 0) {
      for (const unsigned char byte : text.substr(0, control)) {
        absl::StrAppend(out, "\\x", absl::Hex(byte, absl::kZeroPad2));
      }
    } else {
      if (c == '\\' || c == '"') out->push_back('\\');
      out->push_back(c);
    }
    text.remove_prefix(std::max<size_t>(control, 1));
  }
}

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }

std::string ConsumeWord(absl::string_view* rest) {
  size_t end = 0;
  while (end < rest->size() && IsWordByte((*rest)[end])) ++end;
  std::string word(rest->substr(0, end));
  rest->remove_prefix(end);
  return word;
}

bool ConsumeHexByte(absl::string_view* rest, char* byte) {
  uint32_t value;
  if (rest->size() < 2 || !absl::ascii_isxdigit((*rest)[0]) || !absl::ascii_isxdigit((*rest)[1]) ||
      !absl::SimpleHexAtoi(rest->substr(0, 2), &value)) {
    return false;
  }
  *byte = static_cast<char>(value);
  rest->remove_prefix(2);
  return true;
}

bool ConsumeQuoted(absl::string_view* rest, std::string* text) {
  if (!absl::ConsumePrefix(rest, "\"")) return false;
  while (!rest->empty()) {
    char c = rest->front();
    rest->remove_prefix(1);
    if (c == '"') return true;
    if (c == '\\') {
      if (rest->empty()) return false;
      c = rest->front();
      rest->remove_prefix(1);
      if (c == 'n') {
        c = '\n';
      } else if (c == 'x' && !ConsumeHexByte(rest, &c)) {
        return false;
      }
    }
    text->push_back(c);
  }
  return false;
}

bool ConsumeLabels(absl::string_view* rest, Comment* comment) {
  if (!absl::ConsumePrefix(rest, "{")) return true;
  do {
    std::string key = ConsumeWord(rest);
    std::string text;
    if (key.empty() || !absl::ConsumePrefix(rest, "=") || !ConsumeQuoted(rest, &text)) return false;
    comment->labels.emplace_back(std::move(key), std::move(text));
  } while (absl::ConsumePrefix(rest, ","));
  return absl::ConsumePrefix(rest, "}");
}

}  // namespace

std::string FormatComment(const Comment& comment) {
  std::string line = comment.name;
  const char* separator = "{";
  for (const auto& [key, text] : comment.labels) {
    absl::StrAppend(&line, separator, key, "=\"");
    AppendEscaped(text, &line);
    line.push_back('"');
    separator = ",";
  }
  if (!comment.labels.empty()) line.push_back('}');
  absl::StrAppend(&line, " ", comment.value);
  return line;
}

absl::StatusOr<Comment> ParseComment(absl::string_view line) {
  Comment comment;
  absl::string_view rest = line;
  double number;
  if (!absl::StartsWith(rest, kNamePrefix)) {
    return absl::InvalidArgumentError("not a line of profd's: no name that begins with profd.");
  }
  comment.name = ConsumeWord(&rest);
  if (!ConsumeLabels(&rest, &comment) || !absl::ConsumePrefix(&rest, " ") ||
      !absl::SimpleAtod(rest, &number)) {
    return absl::InvalidArgumentError(absl::StrCat("malformed line of ", comment.name));
  }
  comment.value = std::string(rest);
  return comment;
}

std::string LostComment(absl::string_view reason, int64_t samples) {
  return FormatComment({kLostComment, {{"reason", std::string(reason)}}, absl::StrCat(samples)});
}

std::string ProcessCpuComment(int64_t pid, absl::string_view comm, absl::Duration cpu) {
  const int64_t us =
      absl::ToInt64Microseconds(cpu < absl::ZeroDuration() ? absl::ZeroDuration() : cpu);
  return FormatComment(
      {kProcessCpuComment,
       {{std::string(kPidLabel), absl::StrCat(pid)}, {std::string(kCommLabel), std::string(comm)}},
       absl::StrFormat("%d.%06d", us / 1'000'000, us % 1'000'000)});
}

}  // namespace profd
