// What symbolizing yields: named frames, leaf first.
#ifndef PROFD_SYMBOLIZER_FRAME_H_
#define PROFD_SYMBOLIZER_FRAME_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace profd {

enum class FrameKind : uint8_t {
  kPython,
  kNative,
  kKernel,
  kMarker,   // says something about the stack itself, such as "[truncated]"
  kWaiting,  // the leaf of a thread that does not run: what it waits for, as in "[waiting: lock]"
};

// A function as a reader of profiles sees it. Immutable and shared by all frames in it.
struct Function {
  FrameKind kind = FrameKind::kPython;
  std::string name;    // UTF-8; qualified where the interpreter knows it
  std::string file;    // UTF-8; source file (Python) or object file (native), may be empty
  int first_line = 0;  // 0: unknown
};

struct Frame {
  std::shared_ptr<const Function> function;  // never null
  int line = 0;                              // 0: unknown
};

using Stack = std::vector<Frame>;  // leaf first

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_FRAME_H_
