// A code object in memory that a test makes up, with a layout like that of CPython 3.12.
#ifndef PROFD_TESTS_SYMBOLIZER_FAKE_CODE_H_
#define PROFD_TESTS_SYMBOLIZER_FAKE_CODE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "bpf/code_tag.h"
#include "symbolizer/code_reader.h"
#include "tests/symbolizer/process/fake_memory.h"

namespace profd {

// Function "f" of "/a.py", from line 3 on.
struct FakeCode {
  static constexpr uint64_t kCode = 0x10000, kType = 0x11000, kTypeName = 0x11100;
  static constexpr uint64_t kName = 0x12000, kFile = 0x13000, kLines = 0x20000;
  static constexpr uint64_t kIncarnation = 7;
  static constexpr uint32_t kFirstLine = 3, kVersion = 5;

  FakeCode() {
    layout.version = 0x030C0100;
    layout.code_bytes = 96;
    layout.unicode_kind_shift = 2;
    layout.unicode_compact_shift = 5;
    layout.unicode_ascii_shift = 6;
    Set(PY_OBJECT_TYPE, 8);
    Set(PY_TYPE_NAME, 24);
    Set(PY_CODE_NAME, 16);
    Set(PY_CODE_QUALNAME, 24);
    Set(PY_CODE_FILENAME, 32);
    Set(PY_CODE_LINETABLE, 40);
    Set(PY_CODE_FIRSTLINENO, 48);
    Set(PY_CODE_VERSION, 52);
    Set(PY_UNICODE_LENGTH, 16);
    Set(PY_UNICODE_STATE, 32);
    Set(PY_UNICODE_ASCII_DATA, 40);
    Set(PY_UNICODE_COMPACT_DATA, 56);
    Set(PY_BYTES_SIZE, 16);
    Set(PY_BYTES_DATA, 32);

    memory.Write(kCode, std::string(layout.code_bytes, '\0'));
    memory.Put(kCode, uint64_t{1});  // references
    Put(kCode, PY_OBJECT_TYPE, kType);
    Put(kCode, PY_CODE_NAME, kName);
    Put(kCode, PY_CODE_QUALNAME, kName);
    Put(kCode, PY_CODE_FILENAME, kFile);
    Put(kCode, PY_CODE_LINETABLE, kLines);
    Put(kCode, PY_CODE_FIRSTLINENO, kFirstLine);
    Put(kCode, PY_CODE_VERSION, kVersion);
    Put(kType, PY_TYPE_NAME, kTypeName);
    memory.Write(kTypeName, absl::string_view("code", 5));
    PutString(kName, "f");
    PutString(kFile, "/a.py");
    SetLineTable("\x80");
  }

  void SetLineTableSize(uint64_t size) { Put(kLines, PY_BYTES_SIZE, size); }
  void SetLineTable(absl::string_view table) {
    SetLineTableSize(table.size());
    memory.Write(kLines + layout.offset[PY_BYTES_DATA], table);
  }

  CodeReference Reference() const {
    code_identity id = {};
    id.incarnation = kIncarnation;
    id.code = kCode;
    id.name = id.qualname = kName;
    id.filename = kFile;
    id.linetable = kLines;
    id.first_line_and_version = uint64_t{kFirstLine} << 32 | kVersion;
    return {kCode, kIncarnation, code_tag(&id)};
  }

  FakeMemory memory;
  py_layout layout = {};

 private:
  void Set(py_field field, uint32_t offset) {
    layout.has |= uint64_t{1} << field;
    layout.offset[field] = offset;
  }
  template <typename T>
  void Put(uint64_t object, py_field field, T value) {
    memory.Put(object + layout.offset[field], value);
  }
  void PutString(uint64_t address, absl::string_view text) {
    constexpr uint32_t kCompactAsciiOfOneByte = 1 << 6 | 1 << 5 | 1 << 2;
    memory.Write(address, std::string(256, '\0'));  // what follows is read with it
    Put(address, PY_UNICODE_LENGTH, uint64_t{text.size()});
    Put(address, PY_UNICODE_STATE, kCompactAsciiOfOneByte);
    memory.Write(address + layout.offset[PY_UNICODE_ASCII_DATA], text);
  }
};

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_FAKE_CODE_H_
