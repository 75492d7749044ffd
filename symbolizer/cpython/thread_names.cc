#include "symbolizer/cpython/thread_names.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/object_layout.h"
#include "symbolizer/cpython/object_reader.h"
#include "symbolizer/cpython/page_cache.h"
#include "symbolizer/cpython/unicode.h"

namespace profd {
namespace {

using ThreadNames = absl::flat_hash_map<uint64_t, std::string>;

constexpr size_t kThreadsPerBatch = 1024;
constexpr size_t kMaxHintedPages = 256;
constexpr size_t kMaxBytes = size_t{64} << 20;  // read in one look

// One look through the interpreter's objects.
class ThreadNameWalk {
 public:
  ThreadNameWalk(PageCache& memory, const py_layout& layout, const ObjectLayout& objects,
                 ThreadNameHints& hints)
      : memory_(memory),
        layout_(layout),
        objects_(objects),
        hints_(hints),
        reader_(memory, layout, objects),
        threading_{.text = "threading", .address = hints.threading},
        active_{.text = "_active", .address = hints.active},
        name_{.text = "_name", .address = hints.name} {}

  absl::StatusOr<ThreadNames> Run(uint64_t interpreter) {
    const absl::StatusOr<uint64_t> modules =
        memory_.Get<uint64_t>(interpreter + layout_.offset[PY_INTERP_MODULES]);
    if (!modules.ok()) return modules.status();
    if (*modules == 0) return ThreadNames();
    const absl::StatusOr<uint64_t> threading = FindThreading(*modules);
    if (!threading.ok()) return threading.status();
    if (*threading == 0) return ThreadNames();
    const absl::StatusOr<uint64_t> dict = memory_.Get<uint64_t>(*threading + objects_.module_dict);
    if (!dict.ok()) return dict.status();
    if (*dict == 0) return ThreadNames();
    const absl::StatusOr<uint64_t> active = reader_.DictItem(*dict, active_);
    if (!active.ok()) return active.status();
    hints_.active = active_.address;
    if (*active == 0) return ThreadNames();
    return NamesIn(*active);
  }

 private:
  absl::StatusOr<uint64_t> FindThreading(uint64_t modules) {
    const absl::StatusOr<DictTable> table = reader_.Dict(modules);
    if (!table.ok()) return table.status();
    const bool same_table = hints_.modules.SameTable(table->keys);
    const size_t known =
        same_table && hints_.modules.count <= table->keys.count ? hints_.modules.count : 0;
    const absl::StatusOr<std::vector<DictEntry>> entries = ReadEntries(memory_, *table, known);
    if (!entries.ok()) return entries.status();
    const absl::StatusOr<size_t> index = reader_.IndexOf(*entries, threading_);
    if (!index.ok()) return index.status();
    if (*index == entries->size()) {
      hints_.modules = table->keys;
      return 0;
    }
    hints_.modules = {};
    hints_.threading = threading_.address;
    return (*entries)[*index].value;
  }

  absl::StatusOr<ThreadNames> NamesIn(uint64_t active) {
    const absl::StatusOr<DictTable> table = reader_.Dict(active);
    if (!table.ok()) return table.status();
    if (table->keys.count > 0 && !table->keys.general) {
      return absl::InvalidArgumentError("threading._active has keys that are no int");
    }
    const absl::StatusOr<std::vector<DictEntry>> entries = ReadEntries(memory_, *table);
    if (!entries.ok()) return entries.status();
    const size_t threads = std::count_if(entries->begin(), entries->end(),
                                         [](const DictEntry& entry) { return entry.value != 0; });
    if (threads > kMaxThreads) {
      return absl::ResourceExhaustedError(absl::StrCat(threads, " threads"));
    }
    ThreadNames names;
    absl::Status first_error;
    for (size_t done = 0; done < entries->size(); done += kThreadsPerBatch) {
      const auto batch = absl::MakeConstSpan(*entries).subspan(done, kThreadsPerBatch);
      // A thread may have ended since its entry was read: that costs its own name only.
      const absl::Status status = ReadBatch(batch, names, first_error);
      if (!status.ok()) return status;
    }
    hints_.name = name_.address;
    if (names.empty() && !first_error.ok()) return first_error;
    if (absl::Status status = DropEnded(active, *table, *entries, names); !status.ok()) {
      return status;
    }
    return names;
  }

  // Drops the names of threads that `active` does not hold any more. What was read of the object of
  // one that it still holds is that thread's: the others' may have been freed, and be the next
  // thread's already.
  absl::Status DropEnded(uint64_t active, const DictTable& known,
                         absl::Span<const DictEntry> before, ThreadNames& names) {
    memory_.Forget();
    memory_.Prefetch({active, known.keys.address, known.keys.entries});
    const absl::StatusOr<DictTable> table = reader_.Dict(active);
    if (!table.ok()) return table.status();
    const absl::StatusOr<std::vector<DictEntry>> entries = ReadEntries(memory_, *table);
    if (!entries.ok()) return entries.status();
    memory_.Forget();
    const absl::StatusOr<uint64_t> keys = memory_.Get<uint64_t>(active + objects_.dict_keys);
    if (!keys.ok()) return keys.status();
    if (*keys != table->keys.address) {
      return absl::InvalidArgumentError("threading._active was moved while it was read");
    }
    absl::flat_hash_set<std::pair<int64_t, uint64_t>> alive;
    for (const DictEntry& entry : *entries) alive.emplace(entry.hash, entry.value);
    for (const DictEntry& entry : before) {
      if (entry.value != 0 && !alive.contains({entry.hash, entry.value})) {
        names.erase(static_cast<uint64_t>(entry.hash));
      }
    }
    return absl::OkStatus();
  }

  // Adds the names of `threads` to `names`; the first error of a single one goes to `first_error`.
  absl::Status ReadBatch(absl::Span<const DictEntry> threads, ThreadNames& names,
                         absl::Status& first_error) {
    std::vector<uint64_t> objects;
    for (const DictEntry& thread : threads) {
      if (thread.value != 0) objects.push_back(thread.value);
    }
    memory_.Prefetch(objects);
    std::vector<std::pair<uint64_t, uint64_t>> name_of_ident;
    std::vector<uint64_t> strs;
    for (const DictEntry& thread : threads) {
      if (thread.value == 0) continue;
      const absl::StatusOr<uint64_t> name = reader_.InstanceAttribute(thread.value, name_);
      if (name.ok() && *name != 0) {
        // An int below 2^61 - 1 is its own hash (sys.hash_info.modulus); idents are pointers.
        name_of_ident.emplace_back(static_cast<uint64_t>(thread.hash), *name);
        strs.push_back(*name);
      } else if (!name.ok()) {
        if (!IsObjectError(name.status())) return name.status();
        first_error.Update(name.status());
      }
    }
    memory_.Prefetch(strs);
    for (const auto& [ident, str] : name_of_ident) {
      absl::StatusOr<std::string> name = ReadName(str);
      if (name.ok()) {
        names.insert_or_assign(ident, *std::move(name));
      } else {
        if (!IsObjectError(name.status())) return name.status();
        first_error.Update(name.status());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadName(uint64_t str) {
    if (absl::Status status = reader_.CheckType(str, kTypeIsStrSubclass); !status.ok()) {
      return status;
    }
    return ReadUnicode(memory_, layout_, str, kMaxThreadNameChars);
  }

  PageCache& memory_;
  const py_layout& layout_;
  const ObjectLayout& objects_;
  ThreadNameHints& hints_;
  ObjectReader reader_;
  InternedName threading_;
  InternedName active_;
  InternedName name_;
};

}  // namespace

absl::StatusOr<absl::flat_hash_map<uint64_t, std::string>> ReadThreadNames(ProcessMemory& memory,
                                                                           const py_layout& layout,
                                                                           uint64_t interpreter,
                                                                           ThreadNameHints& hints,
                                                                           absl::Duration budget) {
  constexpr int kAttempts = 3;  // a dict replaced in the middle of a look gives nonsense
  const absl::StatusOr<ObjectLayout> objects = ObjectLayoutFor(layout);
  if (!objects.ok()) return objects.status();
  if (!Has(layout, PY_INTERP_MODULES)) {
    return absl::UnimplementedError("the layout does not tell of sys.modules");
  }
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(budget);
  absl::StatusOr<ThreadNames> names;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    PageCache look(memory, deadline, kMaxBytes);
    look.Prefetch(hints.pages);
    names = ThreadNameWalk(look, layout, *objects, hints).Run(interpreter);
    hints.pages = look.UsedPages();
    if (hints.pages.size() > kMaxHintedPages) hints.pages.resize(kMaxHintedPages);
    if (names.ok() || !IsObjectError(names.status())) break;
  }
  return names;
}

}  // namespace profd
