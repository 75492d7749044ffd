#include "userspace/views/cells.h"

#include <langinfo.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "userspace/profile/utf8.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 4096;
constexpr int kMaxMarks = 3;  // ncurses keeps 4 beside a character; one is for kLeftToRight
constexpr char kLeftToRight[] = "\u200e";

// Of well-formed UTF-8.
size_t CharacterBytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

char32_t Decode(absl::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]);
  char32_t value = static_cast<unsigned char>(character[0]) & (0x7f >> character.size());
  for (char c : character.substr(1)) value = value << 6 | (c & 0x3f);
  return value;
}

bool In(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// What terminals join with its neighbours, each in its own way: joiners, variation selectors, skin
// tones, regional indicators (pairs are flags), tags.
bool AltersNeighbours(char32_t c) {
  return In(c, 0x200b, 0x200d) || In(c, 0x2060, 0x2065) || In(c, 0xfe00, 0xfe0f) || c == 0xfeff ||
         In(c, 0x1f3fb, 0x1f3ff) || In(c, 0x1f1e6, 0x1f1ff) || In(c, 0xe0000, 0xe0fff);
}

// Scripts written from right to left (blocks, as of UAX 9's default classes).
bool IsRightToLeft(char32_t c) {
  return In(c, 0x590, 0x8ff) || In(c, 0xfb1d, 0xfdff) || In(c, 0xfe70, 0xfeff) ||
         In(c, 0x10800, 0x10fff) || In(c, 0x1e800, 0x1efff);
}

// -1: not to be shown.
int Width(absl::string_view character) {
  const char32_t c = Decode(character);
  if (ControlBytes(character) > 0) return -1;
  if (c < 0x7f) return 1;
  return TerminalIsUtf8() ? wcwidth(static_cast<wchar_t>(c)) : -1;
}

struct Character {
  absl::string_view text;  // with its marks
  int width;
};

// `cells` is of ToCells.
std::vector<Character> Split(absl::string_view cells) {
  std::vector<Character> characters;
  for (size_t at = 0; at < cells.size();) {
    const absl::string_view text = cells.substr(at, CharacterBytes(cells[at]));
    const char32_t c = Decode(text);
    const int width = c == 0x200e ? 0 : std::max(Width(text), 0);
    if (width == 0 && !characters.empty()) {
      Character& base = characters.back();
      base.text = absl::string_view(base.text.data(), base.text.size() + text.size());
    } else {
      characters.push_back({text, width});
    }
    at += text.size();
  }
  return characters;
}

std::string Spaces(int count) { return std::string(std::max(count, 0), ' '); }

bool HasRightToLeft(absl::string_view cells) {
  for (size_t at = 0; at < cells.size(); at += CharacterBytes(cells[at])) {
    if (IsRightToLeft(Decode(cells.substr(at, CharacterBytes(cells[at]))))) return true;
  }
  return false;
}

// Keeps what follows from being drawn in front of the text.
std::string Closed(std::string cells) {
  if (HasRightToLeft(cells)) cells += kLeftToRight;
  return cells;
}

struct Fitted {
  std::string text;
  int width = 0;
};

Fitted Fit(absl::string_view text, int width, bool from_end) {
  const std::string cells = ToCells(text);
  if (const int all = CellWidth(cells); all <= width) return {Closed(cells), all};
  if (width <= 0) return {};
  std::vector<Character> characters = Split(cells);
  if (from_end) std::reverse(characters.begin(), characters.end());
  int used = 1;  // the mark
  std::vector<absl::string_view> kept;
  for (const Character& c : characters) {
    if (used + c.width > width) break;
    used += c.width;
    kept.push_back(c.text);
  }
  std::string out;
  const absl::string_view mark = Glyph("…", "~");
  if (from_end) {
    std::reverse(kept.begin(), kept.end());
    out.append(mark.data(), mark.size());
  }
  for (absl::string_view piece : kept) out.append(piece.data(), piece.size());
  if (!from_end) out.append(mark.data(), mark.size());
  return {Closed(std::move(out)), used};
}

}  // namespace

void SetTerminalLocale() {
  bool is_said = false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = getenv(name);
    is_said |= value != nullptr && *value != '\0';
  }
  if (!is_said || setlocale(LC_CTYPE, "") == nullptr) setlocale(LC_CTYPE, "C.UTF-8");
}

bool TerminalIsUtf8() { return absl::string_view(nl_langinfo(CODESET)) == "UTF-8"; }

std::string ToCells(absl::string_view text) {
  const std::string utf8 = ToUtf8(text, kMaxBytes);
  std::string out;
  int marks = 0;
  bool has_base = false;
  for (size_t at = 0; at < utf8.size();) {
    const absl::string_view bytes = absl::string_view(utf8).substr(at, CharacterBytes(utf8[at]));
    at += bytes.size();
    const char32_t c = Decode(bytes);
    if (TerminalIsUtf8() && AltersNeighbours(c)) continue;
    const int width = Width(bytes);
    if (width < 0) {
      out += '?';
    } else if (width == 0) {
      if (!has_base || ++marks > kMaxMarks) continue;
      out.append(bytes.data(), bytes.size());
      continue;
    } else {
      out.append(bytes.data(), bytes.size());
    }
    has_base = true;
    marks = 0;
  }
  return out;
}

int CellWidth(absl::string_view cells) {
  int width = 0;
  for (const Character& c : Split(cells)) width += c.width;
  return width;
}

std::string FitLeft(absl::string_view text, int width) {
  Fitted fitted = Fit(text, width, /*from_end=*/false);
  return std::move(fitted.text) + Spaces(width - fitted.width);
}

std::string FitRight(absl::string_view text, int width) {
  const Fitted fitted = Fit(text, width, /*from_end=*/false);
  return Spaces(width - fitted.width) + fitted.text;
}

std::string FitTail(absl::string_view text, int width) {
  Fitted fitted = Fit(text, width, /*from_end=*/true);
  return std::move(fitted.text) + Spaces(width - fitted.width);
}

absl::string_view Glyph(absl::string_view text, absl::string_view ascii) {
  return TerminalIsUtf8() ? text : ascii;
}

}  // namespace profd
