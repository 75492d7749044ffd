// Layouts from _Py_DebugOffsets. The table comes from a file or process of a stranger.
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/debug_offsets_form.h"
#include "symbolizer/cpython/layout_builder.h"
#include "symbolizer/cpython/layouts.h"

namespace profd {
namespace {

// What the table does not say.
struct DebugFacts {
  int minor;
  int micro;
  bool free_threaded;
  uint32_t table_bytes;
  uint32_t tss_key;  // 0: none
  uint32_t code_bytes;
  uint32_t code_version;
  uint32_t code_firsttraceable;
  uint8_t tag_bits;
  UnicodeBits unicode_bits;
};

#include "symbolizer/cpython/debug_facts_generated.inc"

constexpr char kCookie[] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};
constexpr int kFirstMinorWithTable = 13;

constexpr bool FormsMatchFacts() {
  for (const DebugFacts& facts : kDebugFacts) {
    const size_t form = facts.minor == 13   ? sizeof(DebugOffsets313)
                        : facts.minor == 14 ? sizeof(DebugOffsets314)
                                            : sizeof(DebugOffsets315);
    if (facts.table_bytes != form) return false;
  }
  return true;
}
static_assert(FormsMatchFacts());

// Sizes no sane build exceeds; _PyRuntimeState of 3.15t, the largest seen, has 0.4 MiB.
constexpr uint64_t kMaxStateBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxObjectBytes = 8192;

// The facts of this very version, else of the closest earlier micro of the same minor, else of the
// first later one; null: none.
const DebugFacts* FactsFor(const PythonVersion& version) {
  const DebugFacts* best = nullptr;
  for (const DebugFacts& facts : kDebugFacts) {
    if (facts.minor != version.minor || facts.free_threaded != version.free_threaded) continue;
    if (best == nullptr || facts.micro <= version.micro) best = &facts;
  }
  return best;
}

const DebugFacts& LatestFacts(bool free_threaded) {
  const DebugFacts* latest = nullptr;
  for (const DebugFacts& facts : kDebugFacts) {
    if (facts.free_threaded == free_threaded) latest = &facts;
  }
  return *latest;
}

// Collects fields of one structure after another; the first impossible value spoils the result.
class TableReader {
 public:
  explicit TableReader(py_layout& layout) : layout_(layout) {}

  void Structure(const char* name, uint64_t size, uint64_t max_size) {
    structure_ = name;
    size_ = size;
    Require(size > 0 && size <= max_size && size % 8 == 0, "size");
  }

  void Field(py_field field, uint64_t offset, uint64_t bytes, const char* what) {
    Require(Fits(offset, bytes), what);
    if (status_.ok()) SetField(layout_, field, offset);
  }

  bool Fits(uint64_t offset, uint64_t bytes) const {
    return offset % bytes == 0 && bytes <= size_ && offset <= size_ - bytes;
  }

  void Require(bool condition, const char* what) {
    if (condition || !status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("impossible debug offsets: ", structure_, ".", what));
  }

  const absl::Status& status() const { return status_; }

 private:
  py_layout& layout_;
  const char* structure_ = "";
  uint64_t size_ = 0;
  absl::Status status_;
};

// Slots whose values follow from each other in every CPython: a table with a slot more or less in
// front of them does not pass.
template <typename Table>
void CheckAnchors(const Table& t, TableReader& reader) {
  reader.Structure("object", t.object.size, kMaxObjectBytes);
  const uint64_t header = t.object.size;
  const uint64_t first_member = header + 8;  // of a PyVarObject
  reader.Require(t.tuple.ob_size == header && t.list.ob_size == header && t.bytes.ob_size == header,
                 "ob_size");
  reader.Require(t.float_object.first == header && t.long_object.lv_tag == header, "number");
  reader.Require(t.type.tp_name == first_member, "tp_name");
  // 3.14 put `ob_hash` in front of a tuple's items.
  reader.Require(t.tuple.ob_item == first_member || t.tuple.ob_item == first_member + 8, "ob_item");
  reader.Require(t.list.ob_item == first_member, "list items");
  reader.Require(t.bytes.ob_sval == first_member + 8, "ob_sval");
  reader.Require(t.unicode.length == header, "length");
}

template <typename Table>
void ReadStates(const Table& t, TableReader& reader) {
  reader.Structure("runtime_state", t.runtime.size, kMaxStateBytes);
  reader.Require(t.runtime.interpreters_head >= sizeof(DebugOffsets313), "interpreters_head");
  reader.Field(PY_RUNTIME_INTERP_HEAD, t.runtime.interpreters_head, 8, "interpreters_head");

  reader.Structure("interpreter_state", t.interp.size, kMaxStateBytes);
  reader.Field(PY_INTERP_NEXT, t.interp.next, 8, "next");
  reader.Field(PY_INTERP_ID, t.interp.id, 8, "id");
  reader.Field(PY_INTERP_THREADS_HEAD, t.interp.threads_head, 8, "threads_head");
  reader.Field(PY_INTERP_MODULES, t.interp.modules, 8, "imports_modules");
  reader.Field(PY_INTERP_GIL_HOLDER, t.interp.gil_holder, 8, "gil_runtime_state_holder");
  reader.Field(PY_INTERP_GIL_LOCKED, t.interp.gil_locked, 4, "gil_runtime_state_locked");
  if constexpr (requires { t.interp.code_generation; }) {
    reader.Field(PY_INTERP_CODE_GENERATION, t.interp.code_generation, 8, "code_object_generation");
  }

  reader.Structure("thread_state", t.tstate.size, kMaxStateBytes);
  reader.Field(PY_TSTATE_NEXT, t.tstate.next, 8, "next");
  reader.Field(PY_TSTATE_INTERP, t.tstate.interp, 8, "interp");
  reader.Field(PY_TSTATE_THREAD_ID, t.tstate.thread_id, 8, "thread_id");
  reader.Field(PY_TSTATE_NATIVE_THREAD_ID, t.tstate.native_thread_id, 8, "native_thread_id");
  reader.Field(PY_TSTATE_FRAME, t.tstate.current_frame, 8, "current_frame");
  if constexpr (requires { t.tstate.base_frame; }) {
    reader.Field(PY_TSTATE_BASE_FRAME, t.tstate.base_frame, 8, "base_frame");
  }
}

template <typename Table>
void ReadFrameAndCode(const Table& t, bool free_threaded, TableReader& reader) {
  reader.Structure("interpreter_frame", t.frame.size, kMaxObjectBytes);
  reader.Field(PY_FRAME_PREVIOUS, t.frame.previous, 8, "previous");
  reader.Field(PY_FRAME_CODE, t.frame.executable, 8, "executable");
  reader.Field(PY_FRAME_INSTR, t.frame.instr_ptr, 8, "instr_ptr");
  reader.Field(PY_FRAME_OWNER, t.frame.owner, 1, "owner");
  if constexpr (requires { t.frame.tlbc_index; }) {
    if (free_threaded) reader.Field(PY_FRAME_TLBC_INDEX, t.frame.tlbc_index, 4, "tlbc_index");
  }

  reader.Structure("code_object", t.code.size, kMaxObjectBytes);
  reader.Field(PY_CODE_NAME, t.code.name, 8, "name");
  reader.Field(PY_CODE_QUALNAME, t.code.qualname, 8, "qualname");
  reader.Field(PY_CODE_FILENAME, t.code.filename, 8, "filename");
  reader.Field(PY_CODE_FIRSTLINENO, t.code.firstlineno, 4, "firstlineno");
  reader.Field(PY_CODE_LINETABLE, t.code.linetable, 8, "linetable");
  // A PyVarObject, as a bytes object is one.
  reader.Field(PY_CODE_UNITS, t.bytes.ob_size, 8, "ob_size");
  reader.Require(t.code.bytecode % 2 == 0, "co_code_adaptive");
  reader.Field(PY_CODE_BYTECODE, t.code.bytecode, 1, "co_code_adaptive");
  if constexpr (requires { t.code.tlbc; }) {
    if (free_threaded) reader.Field(PY_CODE_TLBC, t.code.tlbc, 8, "co_tlbc");
  }
}

template <typename Table>
void ReadObjects(const Table& t, TableReader& reader) {
  reader.Structure("object", t.object.size, kMaxObjectBytes);
  reader.Field(PY_OBJECT_TYPE, t.object.ob_type, 8, "ob_type");

  reader.Structure("type_object", t.type.size, kMaxObjectBytes);
  reader.Field(PY_TYPE_NAME, t.type.tp_name, 8, "tp_name");

  reader.Structure("unicode_object", t.unicode.size, kMaxObjectBytes);
  reader.Field(PY_UNICODE_LENGTH, t.unicode.length, 8, "length");
  reader.Field(PY_UNICODE_STATE, t.unicode.state, 4, "state");
  // PyASCIIObject: length, hash, state; the hash has no slot.
  if (t.unicode.state == t.unicode.length + 16) {
    reader.Field(PY_UNICODE_HASH, t.unicode.length + 8, 8, "hash");
  }
  reader.Require(t.unicode.ascii_size > t.unicode.state, "asciiobject_size");
  reader.Field(PY_UNICODE_ASCII_DATA, t.unicode.ascii_size, 8, "asciiobject_size");
  // PyUnicodeObject: a PyCompactUnicodeObject and the pointer `data`.
  const uint64_t compact_size = t.unicode.size - 8;
  if constexpr (requires { t.unicode.compact_size; }) {
    reader.Require(t.unicode.compact_size == compact_size, "compactunicodeobject_size");
  }
  reader.Require(compact_size == t.unicode.ascii_size + 16, "asciiobject_size");
  reader.Field(PY_UNICODE_COMPACT_DATA, compact_size, 8, "size");
  reader.Field(PY_UNICODE_LEGACY_DATA, compact_size, 8, "size");

  reader.Structure("bytes_object", t.bytes.size, kMaxObjectBytes);
  reader.Field(PY_BYTES_SIZE, t.bytes.ob_size, 8, "ob_size");
  reader.Field(PY_BYTES_DATA, t.bytes.ob_sval, 1, "ob_sval");
}

void AddFacts(py_layout& layout, const DebugFacts& facts, uint64_t runtime_bytes,
              uint64_t code_bytes, uint64_t bytecode) {
  // Moves between micro versions: whoever reads the key must prove what it leads to.
  if (facts.tss_key != 0 && facts.tss_key + sizeof(uint32_t) <= runtime_bytes) {
    SetField(layout, PY_RUNTIME_TSS_KEY, facts.tss_key);
  }
  if (facts.code_bytes == code_bytes && facts.code_firsttraceable < bytecode) {
    SetField(layout, PY_CODE_VERSION, facts.code_version);
    SetField(layout, PY_CODE_FIRSTTRACEABLE, facts.code_firsttraceable);
  }
}

template <typename Table>
absl::StatusOr<py_layout> Build(absl::Span<const std::byte> runtime, const PythonVersion& version) {
  Table table;
  if (runtime.size() < sizeof(table)) return absl::InvalidArgumentError("short debug offsets");
  std::memcpy(&table, runtime.data(), sizeof(table));

  py_layout layout{};
  TableReader reader(layout);
  CheckAnchors(table, reader);
  ReadStates(table, reader);
  ReadFrameAndCode(table, version.free_threaded, reader);
  ReadObjects(table, reader);
  if (!reader.status().ok()) return reader.status();

  const DebugFacts* facts = FactsFor(version);
  if (facts != nullptr) {
    AddFacts(layout, *facts, table.runtime.size, table.code.size, table.code.bytecode);
  } else {
    facts = &LatestFacts(version.free_threaded);
  }
  SetUnicodeBits(layout, facts->unicode_bits);
  layout.code_pointer_mask = facts->tag_bits;
  FinishLayout(layout, version);
  if (layout.frame_bytes > PROFD_MAX_FRAME_BYTES || layout.code_bytes > PROFD_MAX_CODE_BYTES) {
    return absl::InvalidArgumentError("impossible debug offsets: frame or code object too large");
  }
  return layout;
}

absl::StatusOr<py_layout> BuildForMinor(absl::Span<const std::byte> runtime,
                                        const PythonVersion& version) {
  switch (version.minor) {
    case 13:
      return Build<DebugOffsets313>(runtime, version);
    case 14:
      return Build<DebugOffsets314>(runtime, version);
    default:
      return Build<DebugOffsets315>(runtime, version);
  }
}

}  // namespace

absl::StatusOr<PythonVersion> VersionFromDebugOffsets(absl::Span<const std::byte> runtime) {
  DebugHeader header;
  if (runtime.size() < sizeof(header)) return absl::InvalidArgumentError("no debug offsets");
  std::memcpy(&header, runtime.data(), sizeof(header));
  if (std::memcmp(header.cookie, kCookie, sizeof(kCookie)) != 0) {
    return absl::InvalidArgumentError("no debug offsets");
  }
  PythonVersion version = VersionFromHex(header.version);
  if (header.version >> 32 != 0 || header.free_threaded > 1 || version.major < 3 ||
      (version.major == 3 && version.minor < kFirstMinorWithTable)) {
    return absl::InvalidArgumentError("impossible debug offsets: header");
  }
  version.free_threaded = header.free_threaded == 1;
  return version;
}

absl::StatusOr<py_layout> LayoutFromDebugOffsets(absl::Span<const std::byte> runtime) {
  absl::StatusOr<PythonVersion> version = VersionFromDebugOffsets(runtime);
  if (!version.ok()) return version.status();
  if (version->major != 3) {
    return absl::UnimplementedError(
        absl::StrCat("Python ", version->ToString(), " is not supported: unknown debug offsets"));
  }
  absl::StatusOr<py_layout> layout = BuildForMinor(runtime, *version);
  if (!layout.ok() && version->minor > kLastKnownMinor) {
    return absl::UnimplementedError(
        absl::StrCat("Python ", version->ToString(),
                     " is not supported: its debug offsets do not extend those of 3.",
                     kLastKnownMinor, " (", layout.status().message(), ")"));
  }
  return layout;
}

}  // namespace profd
