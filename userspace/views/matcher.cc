#include "userspace/views/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "userspace/analysis/frame_class.h"

namespace profd {
namespace {

constexpr int64_t kMaxRegexMemory = 1 << 20;

bool HasCapital(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_isupper(c); });
}

// The file of a path, or a path's last components.
bool EndsPath(absl::string_view path, absl::string_view end) {
  if (!absl::ConsumeSuffix(&path, end)) return false;
  return path.empty() || absl::EndsWith(path, "/") || absl::StartsWith(end, "/");
}

}  // namespace

absl::StatusOr<Matcher> Matcher::Create(absl::string_view text) {
  Matcher matcher;
  matcher.any_case_ = !HasCapital(text);
  if (text.size() > 2 && text.front() == '/' && text.back() == '/') {
    RE2::Options options(RE2::Quiet);
    options.set_case_sensitive(!matcher.any_case_);
    options.set_max_mem(kMaxRegexMemory);
    const absl::string_view pattern = text.substr(1, text.size() - 2);
    matcher.regex_ = std::make_shared<RE2>(std::string(pattern), options);
    if (!matcher.regex_->ok()) return absl::InvalidArgumentError(matcher.regex_->error());
    return matcher;
  }
  if (absl::ConsumePrefix(&text, "lib:")) {
    matcher.package_ = true;
  } else if (const size_t colon = text.rfind(':'); colon != text.npos && colon > 0) {
    int line = 0;
    if (absl::SimpleAtoi(text.substr(colon + 1), &line) && line > 0) {
      matcher.line_ = line;
      text = text.substr(0, colon);
    }
  }
  matcher.text_ = matcher.any_case_ ? absl::AsciiStrToLower(text) : std::string(text);
  return matcher;
}

bool Matcher::Holds(absl::string_view text) const {
  return any_case_ ? absl::StrContains(absl::AsciiStrToLower(text), text_)
                   : absl::StrContains(text, text_);
}

bool Matcher::Matches(const Function& function, int line) const {
  if (regex_ != nullptr) {
    return RE2::PartialMatch(absl::StrCat(function.name, " ", function.file), *regex_);
  }
  if (text_.empty()) return false;
  if (line_ > 0) {
    const std::string file = any_case_ ? absl::AsciiStrToLower(function.file) : function.file;
    return (line == line_ || function.first_line == line_) && EndsPath(file, text_);
  }
  if (package_) return Holds(PackageOf(function));
  return Holds(function.name) || Holds(function.file);
}

}  // namespace profd
