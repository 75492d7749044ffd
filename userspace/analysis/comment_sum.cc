#include "userspace/analysis/comment_sum.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/label_names.h"

namespace profd {
namespace {

constexpr int64_t kBillion = 1'000'000'000;

// Plain decimals are exact up to nine digits after the point; others go through a double.
absl::int128 ParseDecimal(absl::string_view text, int* digits) {
  const size_t point = text.find('.');
  const absl::string_view whole = text.substr(0, point);
  const absl::string_view fraction =
      point == absl::string_view::npos ? absl::string_view() : text.substr(point + 1);
  int64_t units = 0;
  const bool is_plain =
      whole.size() <= 18 && fraction.size() <= 9 && absl::SimpleAtoi(whole, &units) && units >= 0 &&
      std::all_of(fraction.begin(), fraction.end(), [](char c) { return absl::ascii_isdigit(c); });
  if (is_plain) {
    int64_t billionths = 0;
    for (int i = 0; i < 9; ++i) {
      const bool has_digit = i < static_cast<int>(fraction.size());
      billionths = billionths * 10 + (has_digit ? fraction[static_cast<size_t>(i)] - '0' : 0);
    }
    *digits = static_cast<int>(fraction.size());
    return absl::int128(units) * kBillion + billionths;
  }
  double number = 0;
  *digits = 9;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) return 0;
  return static_cast<absl::int128>(std::clamp(number, -1e18, 1e18) * kBillion);
}

std::string FormatDecimal(absl::int128 billionths, int digits) {
  const bool is_negative = billionths < 0;
  if (is_negative) billionths = -billionths;
  const uint64_t whole = static_cast<uint64_t>(billionths / kBillion);
  std::string fraction =
      absl::StrCat(absl::Dec(static_cast<uint64_t>(billionths % kBillion), absl::kZeroPad9));
  fraction.resize(static_cast<size_t>(digits));
  return absl::StrCat(is_negative ? "-" : "", whole, digits > 0 ? "." : "", fraction);
}

}  // namespace

void CommentSum::Add(absl::string_view line) {
  auto comment = ParseComment(line);
  if (!comment.ok()) {
    others_.emplace(line);
    return;
  }
  const bool is_period = comment->name == kAssumedPeriodComment;
  Sum& sum = sums_[{std::move(comment->name), std::move(comment->labels)}];
  int digits;
  const absl::int128 billionths = ParseDecimal(comment->value, &digits);
  sum.billionths = is_period ? std::max(sum.billionths, billionths) : sum.billionths + billionths;
  sum.digits = std::max(sum.digits, digits);
}

std::vector<std::string> CommentSum::Lines(size_t max_lines) const {
  const bool fold = sums_.size() + others_.size() > max_lines;
  std::map<Key, Sum> folded;
  for (const auto& [key, sum] : sums_) {
    Key by = key;
    if (fold && by.first == kProcessCpuComment) {
      std::erase_if(by.second, [](const auto& label) { return label.first == kPidLabel; });
    }
    Sum& to = folded[std::move(by)];
    to.billionths += sum.billionths;
    to.digits = std::max(to.digits, sum.digits);
  }
  std::vector<std::string> lines;
  lines.reserve(folded.size() + others_.size());
  for (const auto& [key, sum] : folded) {
    lines.push_back(
        FormatComment({key.first, key.second, FormatDecimal(sum.billionths, sum.digits)}));
  }
  lines.insert(lines.end(), others_.begin(), others_.end());
  return lines;
}

}  // namespace profd
