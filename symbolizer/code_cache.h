// Names and lines of code objects, by the tag that the kernel's programs give them.
#ifndef PROFD_SYMBOLIZER_CODE_CACHE_H_
#define PROFD_SYMBOLIZER_CODE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "symbolizer/cpython/line_table.h"
#include "symbolizer/frame.h"

namespace profd {

// A code object as it was found in a process.
struct CodeDescription {
  std::string name;  // UTF-8; qualified from 3.11 on
  std::string file;
  int first_line = 0;
  LineTableFormat format = LineTableFormat::kLocations;
  std::string line_table;
};

// Immutable but for a memo of lines; for one thread.
class CodeObject {
 public:
  explicit CodeObject(CodeDescription description);
  const std::shared_ptr<const Function>& function() const { return function_; }
  // The line at a bytecode offset; an instruction without a line of its own gets the function's
  // first line, as a negative offset does.
  int LineOf(int lasti) const;
  size_t bytes() const { return bytes_; }

  bool SameAs(const CodeDescription& description) const;
  static size_t HashOf(const CodeDescription& description);
  size_t hash() const { return hash_; }

 private:
  std::shared_ptr<const Function> function_;
  LineTableFormat format_;
  std::string line_table_;
  size_t bytes_;
  size_t hash_;
  mutable absl::flat_hash_map<int, int> lines_;
};

// Equal code objects of different processes are kept once: a server's hundred workers cost little
// more than one. For one thread.
class CodeCache {
 public:
  // What one process can make us keep; past it, its table starts anew. And all together; past that,
  // the largest tables do.
  static constexpr size_t kMaxTagsPerProcess = 32768;
  static constexpr size_t kMaxBytesPerProcess = size_t{64} << 20;
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  // Returns the tags that had to go: they must leave the gate, or their names never come again.
  std::vector<uint64_t> Add(uint64_t incarnation, uint64_t tag, CodeDescription description);
  // Null: not known.
  const CodeObject* Find(uint64_t incarnation, uint64_t tag) const;
  // The process has ended. Returns its tags.
  std::vector<uint64_t> Forget(uint64_t incarnation);

  // The shared object for a description that is not to be remembered under a tag.
  std::shared_ptr<const CodeObject> Intern(CodeDescription description);

  size_t objects() const { return interned_.size(); }
  size_t bytes() const { return interned_bytes_; }

 private:
  struct ContentHash {
    using is_transparent = void;
    size_t operator()(const std::shared_ptr<const CodeObject>& code) const { return code->hash(); }
    size_t operator()(const CodeDescription& d) const { return CodeObject::HashOf(d); }
  };
  struct ContentEqual {
    using is_transparent = void;
    bool operator()(const std::shared_ptr<const CodeObject>& a,
                    const std::shared_ptr<const CodeObject>& b) const {
      return a == b;
    }
    bool operator()(const std::shared_ptr<const CodeObject>& a, const CodeDescription& b) const {
      return a->SameAs(b);
    }
  };
  struct Table {
    absl::flat_hash_map<uint64_t, std::shared_ptr<const CodeObject>> codes;
    size_t bytes = 0;  // of all that was added since it began
  };

  // Lets go of what no table holds.
  void Sweep();
  // Gets below kMaxBytes; the tags that had to go are added to `dropped`.
  void MakeRoom(std::vector<uint64_t>* dropped);

  absl::flat_hash_map<uint64_t, Table> processes_;
  absl::flat_hash_set<std::shared_ptr<const CodeObject>, ContentHash, ContentEqual> interned_;
  size_t interned_bytes_ = 0;
  size_t sweep_at_ = 4096;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CODE_CACHE_H_
