#include "symbolizer/code_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/unicode.h"

namespace profd {
namespace {

constexpr size_t kMaxNameChars = 8192;
// Of tables read from memory. A look-up takes time in proportion, for each frame of a sample.
constexpr size_t kMaxLineTableBytes = 256 << 10;

// Takes a string's characters off the front of `payload`.
absl::StatusOr<std::string> TakeString(const code_string& string, absl::string_view& payload) {
  if (string.bytes > payload.size()) return absl::InvalidArgumentError("string beyond the record");
  if (string.bytes == 0 && (string.length > 0 || string.char_bytes == 0)) {
    return absl::UnavailableError("string not sent");
  }
  absl::string_view raw = payload.substr(0, string.bytes);
  payload.remove_prefix(string.bytes);
  return DecodeUnicode(raw, string.char_bytes, string.ascii != 0);
}

}  // namespace

absl::StatusOr<CodeDescription> DescribeCode(const code_record& record, absl::string_view payload,
                                             const py_layout& layout) {
  CodeDescription code;
  auto name = TakeString(record.name, payload);
  if (!name.ok()) return name.status();
  code.name = *std::move(name);
  if (record.qualname.address != 0) {
    auto qualname = TakeString(record.qualname, payload);
    if (!qualname.ok()) return qualname.status();
    code.name = *std::move(qualname);
  }
  auto file = TakeString(record.filename, payload);
  if (!file.ok()) return file.status();
  code.file = *std::move(file);
  if (record.linetable_sent > payload.size()) {
    return absl::InvalidArgumentError("line table beyond the record");
  }
  if (record.linetable_sent < record.linetable_bytes) {
    return absl::UnavailableError("line table not sent");
  }
  code.first_line = std::max(0, record.first_line);
  code.format = LineTableFormatFor(layout.version);
  code.line_table = std::string(payload.substr(0, record.linetable_sent));
  return code;
}

absl::StatusOr<CodeDescription> ReadCode(ProcessMemory& memory, const py_layout& layout,
                                         uint64_t address) {
  std::array<std::byte, PROFD_MAX_CODE_BYTES> head{};
  if (layout.code_bytes > head.size() || layout.code_bytes < sizeof(uint64_t))
    return absl::InternalError("impossible layout");
  absl::Status status = memory.Read(address, absl::MakeSpan(head.data(), layout.code_bytes));
  if (!status.ok()) return status;
  auto pointer = [&](py_field field) -> uint64_t {
    uint64_t value = 0;
    if (Has(layout, field) && layout.offset[field] <= layout.code_bytes - sizeof(value)) {
      std::memcpy(&value, head.data() + layout.offset[field], sizeof(value));
    }
    return value;
  };
  auto type_name = memory.Get<uint64_t>(pointer(PY_OBJECT_TYPE) + layout.offset[PY_TYPE_NAME]);
  if (!type_name.ok()) return type_name.status();
  auto type = memory.Get<std::array<char, 5>>(*type_name);
  if (!type.ok()) return type.status();
  if (std::memcmp(type->data(), "code", 5) != 0) {
    return absl::InvalidArgumentError("not a code object");
  }

  CodeDescription code;
  const py_field name_field = Has(layout, PY_CODE_QUALNAME) ? PY_CODE_QUALNAME : PY_CODE_NAME;
  auto name = ReadUnicode(memory, layout, pointer(name_field), kMaxNameChars);
  if (!name.ok()) return name.status();
  code.name = *std::move(name);
  auto file = ReadUnicode(memory, layout, pointer(PY_CODE_FILENAME), kMaxNameChars);
  if (!file.ok()) return file.status();
  code.file = *std::move(file);
  int32_t first_line = 0;
  if (Has(layout, PY_CODE_FIRSTLINENO) &&
      layout.offset[PY_CODE_FIRSTLINENO] <= layout.code_bytes - sizeof(first_line)) {
    std::memcpy(&first_line, head.data() + layout.offset[PY_CODE_FIRSTLINENO], sizeof(first_line));
  }
  code.first_line = std::max(0, first_line);
  code.format = LineTableFormatFor(layout.version);
  auto lines = ReadBytes(memory, layout, pointer(PY_CODE_LINETABLE), kMaxLineTableBytes);
  // Its names are worth having without its lines.
  if (!lines.ok() && !absl::IsResourceExhausted(lines.status())) return lines.status();
  if (!lines.ok()) lines = "";
  code.line_table = *std::move(lines);
  return code;
}

}  // namespace profd
