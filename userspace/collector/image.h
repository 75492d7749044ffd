// An interpreter binary seen on this host, and how far its probes are.
#ifndef PROFD_USERSPACE_COLLECTOR_IMAGE_H_
#define PROFD_USERSPACE_COLLECTOR_IMAGE_H_

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/cpython/interpreter_image.h"
#include "symbolizer/process/descriptor.h"
#include "symbolizer/process/process.h"

namespace profd {

// Of an image's probes on its start functions.
enum class ProbeState {
  kNone,
  kWanted,    // to be put on
  kOn,        // new processes register themselves
  kUnwanted,  // to be taken off: may still register processes under the image's index
};

struct StartFunction {
  uint64_t file_offset = 0;
  uint64_t linked_address = 0;
};

struct Image {
  uint32_t index = 0;  // in the kernel's maps
  FileIdentity identity;
  std::string path;  // as the first process that had it saw it
  InterpreterImage interpreter;
  std::atomic<int> processes{0};  // that use it now

  Descriptor file;                                    // kept to see it change
  int watch = -1;                                     // of Images::changes()
  std::vector<StartFunction> start_functions;         // to be probed
  std::atomic<ProbeState> probes{ProbeState::kNone};  // StartProbes alone changes it

  // A deleted file has the same contents, under another change time.
  bool file_deleted() const {
    struct stat now;
    return fstat(file.get(), &now) == 0 && now.st_nlink == 0;
  }
  bool probed() const { return probes == ProbeState::kOn; }
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_IMAGE_H_
