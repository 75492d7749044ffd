#include "symbolizer/cpython/layouts.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/symbolizer/cpython/interpreters.h"

namespace profd {
namespace {

using ::testing::HasSubstr;

constexpr int kNever = 99;

// Minors with the GIL that have a field.
struct FieldRange {
  py_field field;
  int first;
  int last;
};

const FieldRange kRanges[] = {
    {PY_RUNTIME_INTERP_HEAD, 7, kNever},
    {PY_RUNTIME_TSS_KEY, 7, 14},
    {PY_RUNTIME_TSTATE_CURRENT, 7, 11},
    {PY_INTERP_NEXT, 6, kNever},
    {PY_INTERP_ID, 7, kNever},
    {PY_INTERP_THREADS_HEAD, 6, kNever},
    {PY_INTERP_MODULES, 6, kNever},
    {PY_INTERP_CODE_GENERATION, 14, kNever},
    {PY_INTERP_GIL_HOLDER, 12, kNever},
    {PY_INTERP_GIL_LOCKED, 12, kNever},
    {PY_TSTATE_NEXT, 6, kNever},
    {PY_TSTATE_INTERP, 6, kNever},
    {PY_TSTATE_THREAD_ID, 6, kNever},
    {PY_TSTATE_NATIVE_THREAD_ID, 11, kNever},
    {PY_TSTATE_FRAME, 6, kNever},
    {PY_TSTATE_BASE_FRAME, 15, kNever},
    {PY_CFRAME_CURRENT_FRAME, 11, 12},
    {PY_FRAME_PREVIOUS, 6, kNever},
    {PY_FRAME_CODE, 6, kNever},
    {PY_FRAME_INSTR, 6, kNever},
    {PY_FRAME_OWNER, 11, kNever},
    {PY_FRAME_TLBC_INDEX, kNever, kNever},
    {PY_CODE_NAME, 6, kNever},
    {PY_CODE_QUALNAME, 11, kNever},
    {PY_CODE_FILENAME, 6, kNever},
    {PY_CODE_FIRSTLINENO, 6, kNever},
    {PY_CODE_LINETABLE, 6, kNever},
    {PY_CODE_UNITS, 11, kNever},
    {PY_CODE_BYTECODE, 6, kNever},
    {PY_CODE_FIRSTTRACEABLE, 11, kNever},
    {PY_CODE_VERSION, 12, kNever},
    {PY_CODE_TLBC, kNever, kNever},
    {PY_OBJECT_TYPE, 6, kNever},
    {PY_TYPE_NAME, 6, kNever},
    {PY_UNICODE_LENGTH, 6, kNever},
    {PY_UNICODE_HASH, 6, kNever},
    {PY_UNICODE_STATE, 6, kNever},
    {PY_UNICODE_ASCII_DATA, 6, kNever},
    {PY_UNICODE_COMPACT_DATA, 6, kNever},
    {PY_UNICODE_LEGACY_DATA, 6, kNever},
    {PY_BYTES_SIZE, 6, kNever},
    {PY_BYTES_DATA, 6, kNever},
};
static_assert(std::size(kRanges) == PY_FIELD_COUNT);

class LayoutTable : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto layout = LayoutForVersion({.major = 3, .minor = GetParam(), .micro = 9});
    ASSERT_TRUE(layout.ok()) << layout.status();
    layout_ = *layout;
  }
  py_layout layout_{};
};

// Pitfall 27
TEST_P(LayoutTable, HasExactlyTheFieldsOfItsVersion) {
  for (const FieldRange& range : kRanges) {
    EXPECT_EQ(Has(layout_, range.field), GetParam() >= range.first && GetParam() <= range.last)
        << "field " << range.field;
  }
  EXPECT_EQ(layout_.has >> PY_FIELD_COUNT, 0u);
}

// Pitfall 27
TEST_P(LayoutTable, OffsetsArePlausibleAndThoseOfAbsentFieldsZero) {
  for (int field = 0; field < PY_FIELD_COUNT; ++field) {
    const uint32_t offset = layout_.offset[field];
    if (!Has(layout_, static_cast<py_field>(field))) {
      EXPECT_EQ(offset, 0u) << "field " << field;
      continue;
    }
    const bool in_state = field <= PY_INTERP_GIL_LOCKED;
    EXPECT_LT(offset, in_state ? 4096u : 256u) << "field " << field;
    EXPECT_EQ(offset % (field == PY_FRAME_OWNER ? 1 : 4), 0u) << "field " << field;
  }
}

TEST_P(LayoutTable, NoTwoFieldsOfOneStructureOverlap) {
  const std::pair<py_field, py_field> structures[] = {
      {PY_RUNTIME_INTERP_HEAD, PY_RUNTIME_TSTATE_CURRENT},
      {PY_INTERP_NEXT, PY_INTERP_GIL_LOCKED},
      {PY_TSTATE_NEXT, PY_TSTATE_BASE_FRAME},
      {PY_FRAME_PREVIOUS, PY_FRAME_TLBC_INDEX},
      {PY_CODE_NAME, PY_CODE_TLBC}};
  for (const auto& [first, last] : structures) {
    std::vector<uint32_t> offsets;
    for (int field = first; field <= last; ++field) {
      if (Has(layout_, static_cast<py_field>(field))) offsets.push_back(layout_.offset[field]);
    }
    std::sort(offsets.begin(), offsets.end());
    EXPECT_EQ(std::adjacent_find(offsets.begin(), offsets.end()), offsets.end());
  }
}

TEST_P(LayoutTable, FramesAndCodeObjectsFitWhatTheKernelReads) {
  EXPECT_LE(layout_.frame_bytes, unsigned{PROFD_MAX_FRAME_BYTES});
  EXPECT_GE(layout_.frame_bytes, layout_.offset[PY_FRAME_INSTR] + 4);
  EXPECT_LE(layout_.code_bytes, unsigned{PROFD_MAX_CODE_BYTES});
  EXPECT_GE(layout_.code_bytes, layout_.offset[PY_CODE_LINETABLE] + 8);
}

TEST_P(LayoutTable, OwnersAreSkippedOnlyWhereFramesHaveOne) {
  EXPECT_EQ(layout_.owner_skip_min != 0, Has(layout_, PY_FRAME_OWNER));
  EXPECT_EQ(layout_.base_frame_kind != PY_BASE_FRAME_NONE, Has(layout_, PY_TSTATE_BASE_FRAME));
}

INSTANTIATE_TEST_SUITE_P(Minor, LayoutTable, ::testing::Range(6, 13));

TEST(LayoutForVersion, RefusesVersionsOutsideTheTableAndNamesThem) {
  for (const PythonVersion& version : std::vector<PythonVersion>{
           {2, 7, 18}, {3, 5, 10}, {3, 13, 0}, {3, 17, 0}, {3, 12, 1, true}, {4, 6, 0}}) {
    auto layout = LayoutForVersion(version);
    EXPECT_EQ(layout.status().code(), absl::StatusCode::kUnimplemented) << version.ToString();
    EXPECT_THAT(std::string(layout.status().message()), HasSubstr(version.ToString()));
  }
}

TEST(LayoutForVersion, FollowsTheRuntimeThatGrewIn374) {
  EXPECT_EQ(LayoutForVersion({3, 7, 3})->offset[PY_RUNTIME_TSTATE_CURRENT], 1392u);
  EXPECT_EQ(LayoutForVersion({3, 7, 4})->offset[PY_RUNTIME_TSTATE_CURRENT], 1480u);
}

TEST(PythonVersion, ReadsHexAndPrintsAsPythonDoes) {
  EXPECT_EQ(VersionFromHex(0x030B07F0).ToString(), "3.11.7");
  EXPECT_EQ((PythonVersion{3, 14, 0, true}).ToString(), "3.14.0t");
}

std::string Output(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> chunk;
  for (size_t n; (n = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    text.append(chunk.data(), n);
  return pclose(pipe) == 0 ? text : "";
}

TEST(GeneratedTable, EqualsWhatTheInterpretersHereSay) {
  if (system("command -v gdb >/dev/null") != 0) GTEST_SKIP() << "gdb is not installed";
  std::string libraries;
  for (int minor = 6; minor <= 12; ++minor) {
    std::string library;
    for (const testing::Interpreter& interpreter : testing::InterpretersOfMinor(minor)) {
      std::string prefix = interpreter.path.substr(0, interpreter.path.rfind("/bin/"));
      std::string candidate =
          prefix + "/lib/libpython3." + std::to_string(minor) + (minor < 8 ? "m" : "") + ".so.1.0";
      if (std::ifstream(candidate).good()) library = candidate;
    }
    if (library.empty()) GTEST_SKIP() << "no libpython3." << minor << " with debugging information";
    libraries += " " + library;
  }
  std::ifstream committed(PROFD_SOURCE_DIR "/symbolizer/cpython/layouts_generated.inc");
  std::stringstream text;
  text << committed.rdbuf();
  EXPECT_EQ(Output(PROFD_SOURCE_DIR "/scripts/gen_layouts dwarf" + libraries), text.str())
      << "run scripts/gen_layouts dwarf with these versions and commit what it prints";
}

}  // namespace
}  // namespace profd
