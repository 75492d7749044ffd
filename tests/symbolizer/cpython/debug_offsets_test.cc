// Debug offsets of real builds (debug_offsets.txt, from scripts/gen_layouts tables), whole and
// forged.
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/string_probe.h"

namespace profd {
namespace {

using ::testing::HasSubstr;

using Table = std::vector<std::byte>;

constexpr size_t kVersionSlot = 1;

// By version as printed: "3.14.10t".
const std::map<std::string, Table>& Tables() {
  static const auto* const tables = [] {
    auto* result = new std::map<std::string, Table>;
    std::ifstream file(PROFD_SOURCE_DIR "/tests/symbolizer/cpython/debug_offsets.txt");
    std::string version, hex;
    while (file >> version >> hex) {
      const std::string bytes = absl::HexStringToBytes(hex);
      Table& table = (*result)[version];
      table.resize(bytes.size());
      std::memcpy(table.data(), bytes.data(), bytes.size());
    }
    return result;
  }();
  return *tables;
}

void SetSlot(Table& table, size_t slot, uint64_t value) {
  std::memcpy(table.data() + 8 * slot, &value, sizeof(value));
}

Table Forged(const std::string& from, uint64_t version_hex) {
  Table table = Tables().at(from);
  SetSlot(table, kVersionSlot, version_hex);
  return table;
}

class DebugOffsets : public ::testing::TestWithParam<std::string> {
 protected:
  bool free_threaded() const { return absl::EndsWith(GetParam(), "t"); }
  bool Since(int minor) const { return version().minor >= minor; }
  PythonVersion version() const { return *VersionFromDebugOffsets(Tables().at(GetParam())); }
  py_layout layout() const {
    auto layout = LayoutFromDebugOffsets(Tables().at(GetParam()));
    EXPECT_TRUE(layout.ok()) << layout.status();
    return layout.value_or(py_layout{});
  }
};

TEST_P(DebugOffsets, SayTheirVersion) { EXPECT_EQ(version().ToString(), GetParam()); }

// Pitfall 27
TEST_P(DebugOffsets, HaveExactlyTheFieldsOfTheirVersion) {
  const py_layout l = layout();
  for (py_field never : {PY_RUNTIME_TSTATE_CURRENT, PY_CFRAME_CURRENT_FRAME}) {
    EXPECT_FALSE(Has(l, never)) << never;
  }
  EXPECT_EQ(Has(l, PY_RUNTIME_TSS_KEY), !Since(15));
  EXPECT_EQ(Has(l, PY_INTERP_CODE_GENERATION), Since(14));
  EXPECT_EQ(Has(l, PY_TSTATE_BASE_FRAME), Since(15));
  EXPECT_EQ(Has(l, PY_FRAME_TLBC_INDEX), Since(14) && free_threaded());
  EXPECT_EQ(Has(l, PY_CODE_TLBC), Since(14) && free_threaded());
  const std::vector<py_field> sometimes = {PY_RUNTIME_TSTATE_CURRENT,
                                           PY_CFRAME_CURRENT_FRAME,
                                           PY_RUNTIME_TSS_KEY,
                                           PY_INTERP_CODE_GENERATION,
                                           PY_TSTATE_BASE_FRAME,
                                           PY_FRAME_TLBC_INDEX,
                                           PY_CODE_TLBC};
  for (int field = 0; field < PY_FIELD_COUNT; ++field) {
    const auto f = static_cast<py_field>(field);
    if (std::find(sometimes.begin(), sometimes.end(), f) != sometimes.end()) continue;
    EXPECT_TRUE(Has(l, f)) << field;
  }
}

TEST_P(DebugOffsets, FramesAndCodeObjectsFitWhatTheKernelReads) {
  EXPECT_LE(layout().frame_bytes, unsigned{PROFD_MAX_FRAME_BYTES});
  EXPECT_LE(layout().code_bytes, unsigned{PROFD_MAX_CODE_BYTES});
  EXPECT_EQ(layout().free_threaded, free_threaded());
}

// Pitfall 36: free-threaded builds have longer headers and other state bits.
TEST_P(DebugOffsets, KnowTheHeadersOfTheBuild) {
  EXPECT_EQ(layout().offset[PY_CODE_UNITS], free_threaded() ? 32u : 16u);
  EXPECT_EQ(layout().offset[PY_OBJECT_TYPE], free_threaded() ? 24u : 8u);
  EXPECT_EQ(layout().unicode_kind_shift, Since(14) && free_threaded() ? 8 : 2);
}

TEST_P(DebugOffsets, ShortTablesAreRefused) {
  const Table& whole = Tables().at(GetParam());
  for (size_t bytes = 0; bytes < whole.size(); bytes += 4) {
    EXPECT_EQ(LayoutFromDebugOffsets(absl::MakeSpan(whole).subspan(0, bytes)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

bool OffsetsAreBounded(const py_layout& layout) {
  if (layout.frame_bytes > PROFD_MAX_FRAME_BYTES || layout.code_bytes > PROFD_MAX_CODE_BYTES) {
    return false;
  }
  for (uint32_t offset : layout.offset) {
    if (offset > uint32_t{64} << 20) return false;
  }
  return true;
}

// Pitfall 45
TEST_P(DebugOffsets, NoForgedSlotGivesAnOffsetOutsideItsStructure) {
  const Table& genuine = Tables().at(GetParam());
  int refused = 0;
  for (size_t slot = 0; slot < genuine.size() / 8; ++slot) {
    for (uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{12345}, uint64_t{1} << 31,
                           uint64_t{1} << 60, ~uint64_t{0}, ~uint64_t{7}}) {
      Table table = genuine;
      SetSlot(table, slot, value);
      auto layout = LayoutFromDebugOffsets(table);
      if (layout.ok()) {
        EXPECT_TRUE(OffsetsAreBounded(*layout)) << "slot " << slot << " = " << value;
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
}

// Pitfall 25: a table with one slot more or less in front of what we read is another form.
TEST_P(DebugOffsets, ShiftedTablesAreRefused) {
  const Table& genuine = Tables().at(GetParam());
  for (size_t slot = 3; slot < 60; ++slot) {
    Table longer = genuine;
    longer.insert(longer.begin() + 8 * slot, 8, std::byte{8});
    EXPECT_FALSE(LayoutFromDebugOffsets(longer).ok()) << "slot added at " << slot;
    Table shorter = genuine;
    shorter.erase(shorter.begin() + 8 * slot, shorter.begin() + 8 * (slot + 1));
    shorter.resize(genuine.size());
    EXPECT_FALSE(LayoutFromDebugOffsets(shorter).ok()) << "slot removed at " << slot;
  }
}

// Pitfall 26: another micro version's own offsets are believed.
TEST_P(DebugOffsets, MovedFieldsAreFollowed) {
  const py_layout before = layout();
  int followed = 0;
  for (size_t slot = 3; slot < Tables().at(GetParam()).size() / 8; ++slot) {
    Table table = Tables().at(GetParam());
    uint64_t value;
    std::memcpy(&value, table.data() + 8 * slot, 8);
    SetSlot(table, slot, value + 8);
    const auto after = LayoutFromDebugOffsets(table);
    if (!after.ok()) continue;
    for (int field = 0; field < PY_FIELD_COUNT; ++field) {
      followed += after->offset[field] == before.offset[field] + 8;
    }
  }
  EXPECT_GE(followed, 15);
}

// Pitfall 26: what the table of a structure of another size does not tell is absent instead of
// guessed.
TEST_P(DebugOffsets, FieldsThatTheTableDoesNotTellAreAbsentInGrownStructures) {
  Table table = Tables().at(GetParam());
  const py_layout before = layout();
  bool moved = false;
  for (size_t slot = 3; slot < table.size() / 8 && !moved; ++slot) {
    uint64_t value;
    std::memcpy(&value, table.data() + 8 * slot, 8);
    Table grown = table;
    SetSlot(grown, slot, value + 16);
    auto after = LayoutFromDebugOffsets(grown);
    moved = after.ok() && after->offset[PY_CODE_BYTECODE] == before.offset[PY_CODE_BYTECODE] &&
            !Has(*after, PY_CODE_VERSION) && !Has(*after, PY_CODE_FIRSTTRACEABLE);
  }
  EXPECT_TRUE(moved) << "a code object of another size keeps co_version";
}

INSTANTIATE_TEST_SUITE_P(Of, DebugOffsets, ::testing::ValuesIn([] {
                           std::vector<std::string> versions;
                           for (const auto& [version, table] : Tables())
                             versions.push_back(version);
                           return versions;
                         }()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

// Pitfall 25
TEST(LaterVersion, IsReadByItsOwnTableWhenThatExtendsTheLastKnown) {
  for (const char* known : {"3.15.2", "3.15.2t"}) {
    Table table = Forged(known, 0x031100f0);
    table.insert(table.end(), 64, std::byte{0x77});
    auto layout = LayoutFromDebugOffsets(table);
    ASSERT_TRUE(layout.ok()) << layout.status();
    EXPECT_EQ(layout->version, 0x03110000u);
    EXPECT_TRUE(Has(*layout, PY_CODE_NAME));
    for (py_field unknown : {PY_RUNTIME_TSS_KEY, PY_CODE_VERSION, PY_CODE_FIRSTTRACEABLE}) {
      EXPECT_FALSE(Has(*layout, unknown)) << unknown;
    }
  }
}

// Pitfall 25
TEST(LaterVersion, IsRefusedByNameWhenItsTableHasAnotherForm) {
  for (const char* known : {"3.13.18", "3.14.10", "3.14.10t"}) {
    Table table = Forged(known, 0x031100f0);
    table.resize(kDebugOffsetsMaxBytes);
    auto layout = LayoutFromDebugOffsets(table);
    EXPECT_EQ(layout.status().code(), absl::StatusCode::kUnimplemented) << known;
    EXPECT_THAT(std::string(layout.status().message()), HasSubstr("3.17.0"));
  }
}

TEST(LaterVersion, ImpossibleVersionsAreRefused) {
  EXPECT_FALSE(LayoutFromDebugOffsets(Forged("3.15.2", 0x030c00f0)).ok());
  EXPECT_FALSE(LayoutFromDebugOffsets(Forged("3.15.2", 0x020700f0)).ok());
  EXPECT_FALSE(LayoutFromDebugOffsets(Forged("3.15.2", uint64_t{1} << 40 | 0x030f00f0)).ok());
  EXPECT_EQ(LayoutFromDebugOffsets(Forged("3.15.2", 0x040000f0)).status().code(),
            absl::StatusCode::kUnimplemented);
}

// A PyASCIIObject as `layout` describes it, some bytes into the runtime.
Table RuntimeWithString(const py_layout& layout, uint32_t state, uint64_t length) {
  Table runtime(400);
  const size_t object = 64;
  std::memcpy(runtime.data() + object + layout.offset[PY_UNICODE_LENGTH], &length, 8);
  std::memcpy(runtime.data() + object + layout.offset[PY_UNICODE_STATE], &state, 4);
  std::memcpy(runtime.data() + object + layout.offset[PY_UNICODE_ASCII_DATA], "__annotations__",
              16);
  return runtime;
}

TEST(ProbeStaticString, TellsRightStateBitsFromWrongOnes) {
  const py_layout gil = *LayoutFromDebugOffsets(Tables().at("3.15.2"));
  const uint32_t gil_state = 1u << 2 | 1u << 5 | 1u << 6;
  const uint32_t free_threaded_state = 1u << 8 | 1u << 11 | 1u << 12;
  EXPECT_EQ(ProbeStaticString(RuntimeWithString(gil, gil_state, 15), gil), StringProbe::kProven);
  EXPECT_EQ(ProbeStaticString(RuntimeWithString(gil, free_threaded_state, 15), gil),
            StringProbe::kRefuted);
  EXPECT_EQ(ProbeStaticString(RuntimeWithString(gil, gil_state, 16), gil), StringProbe::kRefuted);
  EXPECT_EQ(ProbeStaticString(Table(400), gil), StringProbe::kNotFound);
  EXPECT_EQ(ProbeStaticString({}, gil), StringProbe::kNotFound);
}

}  // namespace
}  // namespace profd
