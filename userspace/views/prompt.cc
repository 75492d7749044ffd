#include "userspace/views/prompt.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "symbolizer/text/utf8.h"
#include "userspace/views/cells.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 256;

}  // namespace

Prompt::Result Prompt::Press(const Key& key) {
  is_open_ = false;
  if (key.code == Key::kEnter) return Result::kDone;
  if (key.code == Key::kEscape) return Result::kCancelled;
  if (key.code == Key::kBackspace) {
    if (text_.empty()) return Result::kCancelled;
    while (!text_.empty() && (text_.back() & 0xc0) == 0x80) text_.pop_back();
    if (!text_.empty()) text_.pop_back();
  } else if (key.code == Key::kCharacter && key.character >= 0x20 && key.character < 0x110000 &&
             text_.size() < kMaxBytes) {
    AppendUtf8(key.character, &text_);
  }
  is_open_ = true;
  return Result::kTyping;
}

Line Prompt::Render(const std::string& label, int columns) const {
  Line line;
  line.Add(FitTail(absl::StrCat(label, text_, Glyph("▏", "_")), columns), Ink::kStrong);
  return line;
}

}  // namespace profd
