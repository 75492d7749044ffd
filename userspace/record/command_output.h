// What a command prints while the screen is not its own: the last of it is kept.
#ifndef PROFD_USERSPACE_RECORD_COMMAND_OUTPUT_H_
#define PROFD_USERSPACE_RECORD_COMMAND_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "symbolizer/process/descriptor.h"

namespace profd {

class CommandOutput {
 public:
  static constexpr size_t kMaxKept = 256 << 10;

  static absl::StatusOr<std::unique_ptr<CommandOutput>> Create();

  // The command's end; ours is closed once the command has it.
  int write_end() const { return write_.get(); }
  void CloseWriteEnd() { write_ = Descriptor(); }

  // Readable when there is something to Read(); -1 once nobody can write any more.
  int descriptor() const { return read_.get(); }
  // Takes what is there, without waiting.
  void Read();

  // What is kept, from the start of a line where something before it was dropped; the next one
  // begins behind it.
  std::string Take();
  // Bytes that were printed, but are in no Take().
  uint64_t dropped() const { return dropped_; }

 private:
  CommandOutput() = default;
  void DropBefore(size_t at);

  Descriptor read_;
  Descriptor write_;
  std::string kept_;
  uint64_t dropped_ = 0;
  bool is_cut_ = false;  // kept_ does not begin where the last Take() ended
};

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_COMMAND_OUTPUT_H_
