// Names and lines of code objects, by the tag that the kernel's programs give them.
#ifndef PROFD_SYMBOLIZER_CODE_CACHE_H_
#define PROFD_SYMBOLIZER_CODE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "symbolizer/cpython/line_table.h"
#include "symbolizer/frame.h"

namespace profd {

// A code object as it was found in a process.
struct CodeDescription {
  std::string name;  // UTF-8; qualified from 3.11 on, unless that could not be had
  bool is_name_whole = true;
  std::optional<std::string> file;  // none: could not be had
  int first_line = 0;
  LineTableFormat format = LineTableFormat::kLocations;
  std::optional<std::string> line_table;  // likewise

  bool complete() const { return is_name_whole && file.has_value() && line_table.has_value(); }
};

// Immutable but for a memo of lines; for one thread.
class CodeObject {
 public:
  explicit CodeObject(CodeDescription description);
  const std::shared_ptr<const Function>& function() const { return function_; }
  // The line at a bytecode offset; an instruction without a line of its own gets the function's
  // first line, as a negative offset does. 0: the line table could not be had.
  int LineOf(int lasti) const;
  // Its whole name, its file and its line table are known.
  bool complete() const { return complete_; }
  size_t bytes() const { return bytes_; }

  bool SameAs(const CodeDescription& description) const;
  static size_t HashOf(const CodeDescription& description);
  size_t hash() const { return hash_; }

 private:
  std::shared_ptr<const Function> function_;
  LineTableFormat format_;
  bool complete_;
  std::optional<std::string> line_table_;
  LineIndex line_index_;
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
  struct Limits {
    size_t tags_per_process = 32768;
    size_t bytes_per_process = size_t{64} << 20;
    size_t bytes = size_t{256} << 20;
  };

  CodeCache() : CodeCache(Limits()) {}
  explicit CodeCache(const Limits& limits) : limits_(limits) {}

  // A complete description stays when one that is not comes after it. Returns the tags that had to
  // go: they must leave the gate, or their names never come again.
  std::vector<uint64_t> Add(uint64_t incarnation, uint64_t tag, CodeDescription description);
  // Null: not known.
  const CodeObject* Find(uint64_t incarnation, uint64_t tag) const;
  // The process has ended. Returns its tags.
  std::vector<uint64_t> Forget(uint64_t incarnation);

  // The shared object for a description that is not to be remembered under a tag.
  std::shared_ptr<const CodeObject> Intern(CodeDescription description);

  size_t objects() const { return interned_.size(); }
  size_t bytes() const { return interned_bytes_; }
  // Of all objects that were let go since the beginning.
  uint64_t released_bytes() const { return released_bytes_; }

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
  // So much is perhaps held by no table any more.
  void Dropped(size_t bytes);
  // Gets below Limits::bytes; the tags that had to go are added to `dropped`.
  void MakeRoom(std::vector<uint64_t>* dropped);

  absl::flat_hash_map<uint64_t, Table> processes_;
  absl::flat_hash_set<std::shared_ptr<const CodeObject>, ContentHash, ContentEqual> interned_;
  const Limits limits_;
  size_t interned_bytes_ = 0;
  size_t dropped_bytes_ = 0;  // since the last sweep
  uint64_t released_bytes_ = 0;
  size_t sweep_at_ = 4096;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CODE_CACHE_H_
