// Whose code a frame is: what reports, the page and pictures colour and group by.
#ifndef PROFD_USERSPACE_ANALYSIS_FRAME_CLASS_H_
#define PROFD_USERSPACE_ANALYSIS_FRAME_CLASS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "symbolizer/frame.h"

namespace profd {

enum class FrameClass : uint8_t {
  kOwn,      // Python that was not installed by a package manager, and names like <string>
  kLibrary,  // Python below site-packages, dist-packages, an egg or a wheel
  kStdlib,   // Python of the interpreter itself, frozen modules too
  kNative,
  kKernel,
  kWaiting,
  kMarker,  // says something about the stack, such as "[truncated]"
};
inline constexpr int kFrameClasses = 7;

FrameClass Classify(const Function& function);

// "own", "library", "stdlib", "native", "kernel", "waiting", "marker".
absl::string_view FrameClassName(FrameClass frame_class);
std::optional<FrameClass> FrameClassOf(absl::string_view name);
// All of them, as a message lists them.
std::string FrameClassNames();

// What one would import or install: "numpy" for Python and for extension modules below
// site-packages/numpy, "[own]", "[stdlib]", "[kernel]", "[waiting]", "[marker]", and an object's
// file name ("libc.so.6") for other native code.
std::string PackageOf(const Function& function);

// A path without the part that depends on where something was installed: below site-packages, or
// below lib/python3.X. Others are returned whole. A view into `file`.
absl::string_view WithoutInstallPrefix(absl::string_view file);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_FRAME_CLASS_H_
