// Interpreter binaries seen on this host, and what the kernel's programs were told of them.
#ifndef PROFD_USERSPACE_COLLECTOR_IMAGES_H_
#define PROFD_USERSPACE_COLLECTOR_IMAGES_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "symbolizer/cpython/interpreter_image.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/within.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/image.h"
#include "userspace/collector/start_probes.h"

namespace profd {

// What a file turned out to be.
struct FileKind {
  std::shared_ptr<Image> image;        // null: not an interpreter that we can read
  bool copies_runtime = false;         // an executable that holds _PyRuntime by copy relocation
  uint64_t runtime_copy = 0;           // its linked address
  std::shared_ptr<const ElfFile> elf;  // of an interpreter, and of one that copies the runtime
};

// Classify() and DropChanged() are for one thread at a time; all else is thread-safe.
class Images {
 public:
  explicit Images(BpfSession* session);

  // Looks at a file of a process, called `path` there, once per file: classified, and, for an
  // interpreter, given to the kernel; probes on its start functions come a little later.
  FileKind Classify(pid_t pid, const std::string& path, OpenedFile file);
  std::shared_ptr<Image> At(uint32_t index) const;
  bool IsInterpreter(const FileIdentity& file) const;
  // In the interpreter's bytecode loop?
  bool InEvaluationLoop(const FileIdentity& file, uint64_t linked_address) const;

  // Takes probes off files whose contents were changed in place: their offsets are of the past, and
  // the kernel would run the instruction it saved from the old file. Also off those that were
  // deleted. Call it when `changes()` is readable, and now and then, since not every file system
  // tells.
  void DropChanged();
  int changes() const { return changes_.get(); }
  // Until the probes of all that was classified are on.
  void AwaitProbes() { start_probes_.Wait(); }

  struct Unsupported {
    std::string path;
    std::string reason;
  };
  std::vector<Unsupported> unsupported() const;
  size_t size() const;

 private:
  // The file's server has not answered: it is not asked for a while.
  void SetSilent(const FileIdentity& identity, const std::string& path);
  // With mutex_ held.
  std::shared_ptr<Image> Install(InterpreterImage interpreter, const FileIdentity& identity,
                                 const std::string& path);
  std::shared_ptr<Image>* FreeSlot(const std::string& path);
  void Remember(const FileIdentity& identity, const std::string& path,
                absl::StatusOr<InterpreterImage> interpreter, Descriptor file, FileKind* kind);
  void Unwatch(Image& image);
  void Forget(Image& image);  // as what its file is
  void TakeProbesOff(const std::shared_ptr<Image>& image, bool changed);
  absl::Status TellKernel(const Image& image, bool in_use);
  bool MayLog();
  // Without.
  void PutProbesOn(const std::shared_ptr<Image>& image, const ElfFile& elf);
  StartProbes::Listener LogProbes();

  BpfSession* const session_;
  absl::Duration check_at_;   // the discovering thread's
  const Descriptor changes_;  // inotify of the probed files
  mutable std::mutex mutex_;  // of what follows
  absl::flat_hash_map<FileIdentity, FileKind> kinds_;
  absl::flat_hash_map<FileIdentity, absl::Duration> silent_until_;  // of steady time
  std::vector<std::shared_ptr<Image>> images_;                      // by index
  std::vector<Unsupported> unsupported_;
  int log_lines_ = 0;
  StartProbes start_probes_;  // its thread logs: it goes first
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_IMAGES_H_
