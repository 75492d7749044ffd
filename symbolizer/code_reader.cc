#include "symbolizer/code_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "bpf/code_tag.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/unicode.h"

namespace profd {
namespace {

constexpr size_t kMaxNameChars = 8192;

// Takes a string's characters off the front of `payload`; none when it was not sent.
absl::StatusOr<std::optional<std::string>> TakeString(const code_string& string,
                                                      absl::string_view& payload) {
  if (string.bytes > payload.size()) return absl::InvalidArgumentError("string beyond the record");
  if (string.bytes == 0 && (string.length > 0 || string.char_bytes == 0)) return std::nullopt;
  absl::string_view raw = payload.substr(0, string.bytes);
  payload.remove_prefix(string.bytes);
  return DecodeUnicode(raw, string.char_bytes, string.ascii != 0);
}

// The fixed part of a code object.
class CodeHead {
 public:
  static absl::StatusOr<CodeHead> Read(ProcessMemory& memory, const py_layout& layout,
                                       uint64_t address) {
    CodeHead head(layout);
    if (layout.code_bytes > head.bytes_.size() || layout.code_bytes < sizeof(uint64_t)) {
      return absl::InternalError("impossible layout");
    }
    absl::Status status =
        memory.Read(address, absl::MakeSpan(head.bytes_.data(), layout.code_bytes));
    if (!status.ok()) return status;
    return head;
  }

  uint64_t Word(py_field field) const { return Get<uint64_t>(field); }
  uint32_t Half(py_field field) const { return Get<uint32_t>(field); }
  // Of the str to show.
  uint64_t name() const {
    return Word(Has(layout_, PY_CODE_QUALNAME) ? PY_CODE_QUALNAME : PY_CODE_NAME);
  }

  absl::Status CheckType(ProcessMemory& memory) const {
    auto name = memory.Get<uint64_t>(Word(PY_OBJECT_TYPE) + layout_.offset[PY_TYPE_NAME]);
    if (!name.ok()) return name.status();
    auto text = memory.Get<std::array<char, 5>>(*name);
    if (!text.ok()) return text.status();
    if (std::memcmp(text->data(), "code", 5) == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("not a code object");
  }

  // As the kernel's programs reckon it: identify_code().
  absl::StatusOr<bool> HasTag(ProcessMemory& memory, const CodeReference& reference) const {
    code_identity id = {};
    id.incarnation = reference.incarnation;
    id.code = reference.address;
    id.name = Word(PY_CODE_NAME);
    id.qualname = Word(PY_CODE_QUALNAME);
    id.filename = Word(PY_CODE_FILENAME);
    id.linetable = Word(PY_CODE_LINETABLE);
    id.first_line_and_version = uint64_t{Half(PY_CODE_FIRSTLINENO)} << 32 | Half(PY_CODE_VERSION);
    if (!Has(layout_, PY_CODE_VERSION)) {
      if (layout_.instr_kind != PY_INSTR_POINTER) id.bytecode = Word(PY_CODE_BYTECODE);
      // The kernel goes without a hash that it cannot read.
      if (code_tag(&id) == reference.tag) return true;
      const absl::StatusOr<uint64_t> hash = IdentityOfStr(memory, id.name);
      if (!hash.ok()) return hash.status();
      id.name_hash = *hash;
    }
    return code_tag(&id) == reference.tag;
  }

  // identity_of_str()
  absl::StatusOr<uint64_t> IdentityOfStr(ProcessMemory& memory, uint64_t str) const {
    const auto at = [&](py_field field) { return str + layout_.offset[field]; };
    absl::StatusOr<uint64_t> hash = memory.Get<uint64_t>(at(PY_UNICODE_HASH));
    if (!hash.ok() || *hash != static_cast<uint64_t>(STR_WITHOUT_HASH)) return hash;
    const absl::StatusOr<uint64_t> length = memory.Get<uint64_t>(at(PY_UNICODE_LENGTH));
    const absl::StatusOr<uint32_t> state = memory.Get<uint32_t>(at(PY_UNICODE_STATE));
    if (!length.ok() || !state.ok()) return absl::OutOfRangeError("no str has the code's name");
    if ((*state >> layout_.unicode_compact_shift & 1) == 0) return hash;
    const bool is_ascii = (*state >> layout_.unicode_ascii_shift & 1) != 0;
    const uint64_t kind = *state >> layout_.unicode_kind_shift & 7;
    const uint64_t bytes = std::min<uint64_t>(*length, IDENTITY_CHARS) * kind;
    std::array<uint64_t, IDENTITY_TEXT_BYTES / 8> text = {};
    const absl::Status read =
        memory.Read(at(is_ascii ? PY_UNICODE_ASCII_DATA : PY_UNICODE_COMPACT_DATA),
                    absl::MakeSpan(reinterpret_cast<std::byte*>(text.data()),
                                   std::min<uint64_t>(bytes, IDENTITY_TEXT_BYTES)));
    if (!read.ok()) return hash;
    return text_identity(text.data(), *length);
  }

  // Of a freed object all but the first words is often still there. glibc's lists take the first
  // two, the type among them; CPython's own the first: a list's next block, in place of the
  // reference count. Counts that could be addresses are those of immortal objects only (3.12+:
  // 2^31 or more, 3.14+: with flags in the upper quarter).
  bool IsAlive() const {
    constexpr uint64_t kLeastAddress = 1 << 16, kImmortal = uint64_t{1} << 31;
    if (layout_.offset[PY_OBJECT_TYPE] != sizeof(uint64_t)) return HasFreeThreadedOwner();
    const auto references = At<uint64_t>(0);
    const bool is_immortal = references >= kImmortal && references >> 32 == 0;
    const bool is_address =
        references >= kLeastAddress && references % 16 == 0 && references >> 48 == 0;
    return references != 0 && (is_immortal || !is_address);
  }

  // OK: it is the one that `reference` speaks of.
  absl::Status Prove(ProcessMemory& memory, const CodeReference& reference) const {
    // It may come to life again, or only look so.
    if (!IsAlive()) return absl::UnavailableError("the code object seems to be freed");
    if (reference.tag == 0) return absl::OkStatus();
    auto is_that = HasTag(memory, reference);
    if (!is_that.ok()) return is_that.status();
    return *is_that ? absl::OkStatus() : absl::NotFoundError("another code object has its address");
  }

  bool IsSameAs(const CodeHead& other) const {
    return Word(PY_OBJECT_TYPE) == other.Word(PY_OBJECT_TYPE) && name() == other.name() &&
           Word(PY_CODE_FILENAME) == other.Word(PY_CODE_FILENAME) &&
           Word(PY_CODE_LINETABLE) == other.Word(PY_CODE_LINETABLE) &&
           Half(PY_CODE_FIRSTLINENO) == other.Half(PY_CODE_FIRSTLINENO) &&
           Half(PY_CODE_VERSION) == other.Half(PY_CODE_VERSION);
  }

 private:
  explicit CodeHead(const py_layout& layout) : layout_(layout) {}

  // struct _object of free-threaded builds (Include/object.h): ob_tid, four bytes of flags,
  // ob_ref_local, ob_ref_shared with two bits of state, ob_type.
  bool HasFreeThreadedOwner() const {
    constexpr size_t kLocal = 12, kShared = 16, kType = 24;
    if (layout_.offset[PY_OBJECT_TYPE] != kType) return true;
    return At<uint32_t>(kLocal) != 0 || At<int64_t>(kShared) >> 2 != 0;
  }

  template <typename T>
  T At(size_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(value));
    return value;
  }

  // 0 where the version has no such field.
  template <typename T>
  T Get(py_field field) const {
    T value = 0;
    if (Has(layout_, field) && layout_.offset[field] <= layout_.code_bytes - sizeof(value)) {
      std::memcpy(&value, bytes_.data() + layout_.offset[field], sizeof(value));
    }
    return value;
  }

  const py_layout& layout_;
  std::array<std::byte, PROFD_MAX_CODE_BYTES> bytes_{};
};

}  // namespace

absl::StatusOr<CodeDescription> DescribeCode(const code_record& record, absl::string_view payload,
                                             const py_layout& layout) {
  CodeDescription code;
  auto name = TakeString(record.name, payload);
  if (!name.ok()) return name.status();
  if (record.qualname.address != 0) {
    auto qualname = TakeString(record.qualname, payload);
    if (!qualname.ok()) return qualname.status();
    code.is_name_whole = qualname->has_value();
    if (code.is_name_whole) name = std::move(qualname);
  }
  auto file = TakeString(record.filename, payload);
  if (!file.ok()) return file.status();
  if (record.linetable_sent > payload.size()) {
    return absl::InvalidArgumentError("line table beyond the record");
  }
  if (!name->has_value()) return absl::UnavailableError("name not sent");
  code.name = **std::move(name);
  code.file = *std::move(file);
  code.first_line = std::max(0, record.first_line);
  code.format = LineTableFormatFor(layout.version);
  // The kernel gives 0 bytes for a size that it cannot read. From 3.10 on no table is empty.
  const bool is_missing = record.linetable_bytes == 0 && code.format != LineTableFormat::kLnotab;
  if (record.linetable_sent == record.linetable_bytes && !is_missing) {
    code.line_table = std::string(payload.substr(0, record.linetable_sent));
  }
  return code;
}

absl::StatusOr<CodeDescription> ReadCode(ProcessMemory& memory, const py_layout& layout,
                                         const CodeReference& reference) {
  auto head = CodeHead::Read(memory, layout, reference.address);
  if (!head.ok()) return head.status();
  if (absl::Status status = head->CheckType(memory); !status.ok()) return status;
  // Before megabytes are read in vain.
  if (absl::Status status = head->Prove(memory, reference); !status.ok()) return status;
  CodeDescription code;
  auto name = ReadUnicode(memory, layout, head->name(), kMaxNameChars);
  if (!name.ok()) return name.status();
  code.name = *std::move(name);
  auto file = ReadUnicode(memory, layout, head->Word(PY_CODE_FILENAME), kMaxNameChars);
  if (!file.ok()) return file.status();
  code.file = *std::move(file);
  code.first_line = std::max(0, static_cast<int32_t>(head->Half(PY_CODE_FIRSTLINENO)));
  code.format = LineTableFormatFor(layout.version);
  auto lines = ReadBytes(memory, layout, head->Word(PY_CODE_LINETABLE), kMaxLineTableBytes);
  // Its names are worth having without its lines.
  if (!lines.ok() && !absl::IsResourceExhausted(lines.status())) return lines.status();
  if (lines.ok()) code.line_table = *std::move(lines);

  // What was read belongs together if one code object was there before and after.
  auto after = CodeHead::Read(memory, layout, reference.address);
  if (!after.ok()) return after.status();
  if (!after->IsSameAs(*head)) return absl::NotFoundError("another code object has its address");
  if (absl::Status status = after->Prove(memory, reference); !status.ok()) return status;
  return code;
}

}  // namespace profd
