// What stands on a screen: text in a few inks, and no word of how a terminal is driven.
#ifndef PROFD_USERSPACE_VIEWS_SCREEN_H_
#define PROFD_USERSPACE_VIEWS_SCREEN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "userspace/analysis/frame_class.h"

namespace profd {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

enum class Ink : uint8_t {
  kPlain,
  kDim,
  kStrong,
  kWarning,
  kUp,
  kDown,
  // A class of frames each, in the order of FrameClass.
  kOwn,
  kLibrary,
  kStdlib,
  kNative,
  kKernel,
  kWaiting,
  kMarker,
};
inline constexpr int kInks = 13;

Ink InkOf(FrameClass frame_class);
// One column that says the class where colour cannot.
absl::string_view SignOf(FrameClass frame_class);

struct Span {
  std::string text;  // of ToCells or the Fit functions
  Ink ink = Ink::kPlain;
  bool reverse = false;  // headings, the cursor, boxes
};

class Line {
 public:
  Line() = default;
  explicit Line(std::string text, Ink ink = Ink::kPlain, bool reverse = false) {
    Add(std::move(text), ink, reverse);
  }
  void Add(std::string text, Ink ink = Ink::kPlain, bool reverse = false) {
    if (!text.empty()) spans_.push_back({std::move(text), ink, reverse});
  }
  // All of it, as the line with the cursor is.
  void Reverse() {
    for (Span& span : spans_) span.reverse = true;
  }
  // Cuts what is beyond `columns`.
  void Clip(int columns);
  const std::vector<Span>& spans() const { return spans_; }
  std::string text() const;

 private:
  std::vector<Span> spans_;
};

// From the top. No more lines than rows, none wider than the columns it was made for.
using Screen = std::vector<Line>;

// A line each, without trailing spaces.
std::string PlainText(const Screen& screen);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_SCREEN_H_
