#include "userspace/views/screen.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "userspace/views/cells.h"

namespace profd {

Ink InkOf(FrameClass frame_class) {
  return static_cast<Ink>(static_cast<int>(Ink::kOwn) + static_cast<int>(frame_class));
}
static_assert(static_cast<int>(Ink::kOwn) + kFrameClasses == kInks);

absl::string_view SignOf(FrameClass frame_class) {
  switch (frame_class) {
    case FrameClass::kOwn:
      return "*";
    case FrameClass::kLibrary:
      return "+";
    case FrameClass::kStdlib:
      return "-";
    case FrameClass::kNative:
      return "#";
    case FrameClass::kKernel:
      return "@";
    case FrameClass::kWaiting:
      return "z";
    case FrameClass::kMarker:
      return "!";
  }
  return " ";
}

std::string Line::text() const {
  std::string text;
  for (const Span& span : spans_) text += span.text;
  return text;
}

void Line::Clip(int columns) {
  int used = 0;
  for (size_t i = 0; i < spans_.size(); ++i) {
    const int width = CellWidth(spans_[i].text);
    if (used + width > columns) {
      spans_[i].text = FitLeft(spans_[i].text, columns - used);
      spans_.resize(i + 1);
      return;
    }
    used += width;
  }
}

std::string PlainText(const Screen& screen) {
  std::string out;
  for (const Line& line : screen) {
    std::string text = line.text();
    absl::StripTrailingAsciiWhitespace(&text);
    absl::StrAppend(&out, text, "\n");
  }
  return out;
}

}  // namespace profd
