#include "userspace/text/columns.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "symbolizer/text/utf8.h"

namespace profd {
namespace {

constexpr char kEllipsis[] = "…";

struct Range {
  uint32_t first, last;
};
// Unicode's East_Asian_Width W and F, by blocks.
constexpr Range kWide[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1faff}, {0x20000, 0x3fffd}};
// Combining marks of common blocks, joiners and variation selectors.
constexpr Range kZero[] = {
    {0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

template <size_t N>
bool IsIn(uint32_t c, const Range (&ranges)[N]) {
  return std::any_of(ranges, ranges + N,
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

struct Character {
  size_t begin, bytes, width;
};

// Bytes that are not UTF-8 count as characters of their own.
Character Next(absl::string_view text, size_t at) {
  const Utf8Character c = FirstCharacter(text.substr(at));
  if (c.bytes == 0) return {at, 1, 1};
  return {at, c.bytes, size_t{IsIn(c.code, kWide) ? 2u : IsIn(c.code, kZero) ? 0u : 1u}};
}

std::vector<Character> Characters(absl::string_view text) {
  std::vector<Character> characters;
  for (size_t at = 0; at < text.size(); at += characters.back().bytes) {
    characters.push_back(Next(text, at));
  }
  return characters;
}

// As much of the text's begin and end as `head` and `tail` columns hold.
std::string Cut(absl::string_view text, size_t head, size_t tail) {
  const std::vector<Character> characters = Characters(text);
  size_t begin = 0;
  for (const Character& c : characters) {
    if (c.width > head) break;
    head -= c.width;
    begin = c.begin + c.bytes;
  }
  size_t end = text.size();
  for (auto c = characters.rbegin(); c != characters.rend() && c->width <= tail; ++c) {
    tail -= c->width;
    end = c->begin;
  }
  return absl::StrCat(text.substr(0, begin), kEllipsis, text.substr(std::max(begin, end)));
}

}  // namespace

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  for (const Character& c : Characters(text)) width += c.width;
  return width;
}

std::string FitEnd(absl::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  return width == 0 ? "" : Cut(text, width - 1, 0);
}

std::string FitMiddle(absl::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  return width == 0 ? "" : Cut(text, width / 2, width - 1 - width / 2);
}

std::string FitBegin(absl::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  return width == 0 ? "" : Cut(text, 0, width - 1);
}

std::string PadRight(std::string text, size_t width) {
  const size_t has = DisplayWidth(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

}  // namespace profd
