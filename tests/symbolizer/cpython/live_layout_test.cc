// Layouts against what a running interpreter of each version says of itself.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "symbolizer/cpython/interpreter_image.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "tests/symbolizer/cpython/live_interpreter.h"
#include "tests/symbolizer/cpython/tss_key.h"

namespace profd {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using testing::Interpreter;
using ::testing::IsEmpty;
using testing::LiveInterpreter;
using testing::PythonProgram;
using Json = nlohmann::json;
using Text = std::vector<uint32_t>;

struct Frame {
  uint64_t code = 0;
  int64_t lasti = 0;
};

class LiveLayout : public ::testing::TestWithParam<Interpreter> {
 protected:
  void SetUp() override {
    program_ = std::make_unique<PythonProgram>(GetParam(), testing::Script("live_layout.py"));
    const std::string line = program_->ReadLine();
    report_ = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_FALSE(report_.is_discarded()) << line;
    auto live = testing::FindLiveInterpreter(program_->pid());
    ASSERT_TRUE(live.ok()) << live.status();
    live_ = *std::move(live);
    FindThreads();
  }

  bool Has(py_field field) const { return profd::Has(layout(), field); }
  const py_layout& layout() const { return live_.image.layout; }

  template <typename T = uint64_t>
  T Get(uint64_t address) {
    auto value = live_.memory->Get<T>(address);
    EXPECT_TRUE(value.ok()) << value.status() << " at " << address;
    return value.value_or(T{});
  }
  template <typename T = uint64_t>
  T Field(uint64_t object, py_field field) {
    EXPECT_TRUE(Has(field)) << field;
    return Get<T>(object + layout().offset[field]);
  }

  void FindThreads() {
    const uint64_t head = live_.image.addresses.interp_head;
    if (head == 0) GTEST_SKIP() << "stripped 3.6: no symbol names the interpreters' list";
    interp_ = Get(live_.bias + head);
    ASSERT_NE(interp_, 0u);
    for (uint64_t state = Field(interp_, PY_INTERP_THREADS_HEAD); state != 0 && states_.size() < 10;
         state = Field(state, PY_TSTATE_NEXT)) {
      EXPECT_EQ(Field(state, PY_TSTATE_INTERP), interp_);
      states_[Field(state, PY_TSTATE_THREAD_ID)] = state;
    }
  }
  uint64_t StateOf(const char* thread) { return states_[report_[thread]["ident"]]; }

  Text ReadText(uint64_t object) {
    const auto length = Field(object, PY_UNICODE_LENGTH);
    const auto state = Field<uint32_t>(object, PY_UNICODE_STATE);
    EXPECT_LT(length, 10000u);
    EXPECT_EQ(state >> layout().unicode_compact_shift & 1, 1u);
    const bool ascii = state >> layout().unicode_ascii_shift & 1;
    const uint32_t kind = state >> layout().unicode_kind_shift & 7;
    EXPECT_THAT(kind, AnyOf(1, 2, 4));
    const uint64_t data =
        object + layout().offset[ascii ? PY_UNICODE_ASCII_DATA : PY_UNICODE_COMPACT_DATA];
    Text text;
    for (uint64_t i = 0; i < std::min<uint64_t>(length, 10000); ++i) {
      const uint64_t at = data + i * kind;
      text.push_back(kind == 1   ? Get<uint8_t>(at)
                     : kind == 2 ? Get<uint16_t>(at)
                                 : Get<uint32_t>(at));
    }
    return text;
  }

  std::string TypeName(uint64_t object) {
    const uint64_t name = Field(Field(object, PY_OBJECT_TYPE), PY_TYPE_NAME);
    std::string text;
    while (text.size() < 64) {
      const char c = Get<char>(name + text.size());
      if (c == '\0') break;
      text.push_back(c);
    }
    return text;
  }

  int64_t Lasti(uint64_t frame, uint64_t code) {
    switch (layout().instr_kind) {
      case PY_INSTR_LASTI_BYTES:
        return Field<int32_t>(frame, PY_FRAME_INSTR);
      case PY_INSTR_LASTI_UNITS:
        return 2 * Field<int32_t>(frame, PY_FRAME_INSTR);
      default:
        return static_cast<int64_t>(Field(frame, PY_FRAME_INSTR) - code -
                                    layout().offset[PY_CODE_BYTECODE]);
    }
  }

  std::vector<Frame> Walk(uint64_t state) {
    uint64_t frame = Field(state, PY_TSTATE_FRAME);
    if (layout().frame_style == PY_FRAME_STYLE_CFRAME) {
      frame = Field(frame, PY_CFRAME_CURRENT_FRAME);
    }
    const uint64_t base = Has(PY_TSTATE_BASE_FRAME) ? Field(state, PY_TSTATE_BASE_FRAME) : 0;
    std::vector<Frame> frames;
    while (frame != base && frames.size() < 100) {
      if (frame == 0) {
        ADD_FAILURE() << "the chain ended before its base frame";
        break;
      }
      const bool skip =
          Has(PY_FRAME_OWNER) && Field<uint8_t>(frame, PY_FRAME_OWNER) >= layout().owner_skip_min;
      if (!skip) {
        const uint64_t code = Field(frame, PY_FRAME_CODE) & ~uint64_t{layout().code_pointer_mask};
        frames.push_back({code, Lasti(frame, code)});
      }
      frame = Field(frame, PY_FRAME_PREVIOUS);
    }
    return frames;
  }

  std::unique_ptr<PythonProgram> program_;
  Json report_;
  LiveInterpreter live_;
  uint64_t interp_ = 0;
  std::map<uint64_t, uint64_t> states_;  // by thread_id
};

TEST_P(LiveLayout, VersionIsTheOneThatRuns) {
  const PythonVersion running = VersionFromHex(report_["hexversion"]);
  EXPECT_EQ(live_.image.version.ToString(),
            running.ToString() + (GetParam().free_threaded ? "t" : ""));
}

TEST_P(LiveLayout, ThreadStatesAreThoseOfTheThreads) {
  EXPECT_EQ(states_.size(), 2u);
  for (const char* thread : {"main", "spinner"}) {
    ASSERT_NE(StateOf(thread), 0u) << thread;
    if (Has(PY_TSTATE_NATIVE_THREAD_ID)) {
      EXPECT_EQ(Field(StateOf(thread), PY_TSTATE_NATIVE_THREAD_ID), report_[thread]["native"]);
    }
  }
  EXPECT_EQ(Field(interp_, PY_INTERP_NEXT), 0u);
  if (Has(PY_INTERP_ID)) {
    EXPECT_EQ(Field(interp_, PY_INTERP_ID), 0u);
  }
}

// Pitfall 28: f_executable may be None and entry frames carry no code.
TEST_P(LiveLayout, FramesAreThoseThatTheThreadSees) {
  const std::vector<Frame> frames = Walk(StateOf("main"));
  const Json& expected = report_["frames"];
  ASSERT_EQ(frames.size(), expected.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(frames[i].code, expected[i]["code"]);
    EXPECT_EQ(TypeName(frames[i].code), "code");
    if (i != 0) {
      EXPECT_EQ(frames[i].lasti, expected[i]["lasti"]);
    }
  }
}

// Pitfall 37: Latin-1, BMP and astral names.
TEST_P(LiveLayout, NamesOfCodeObjectsAreRight) {
  for (const Json& frame : report_["frames"]) {
    const uint64_t code = frame["code"];
    const uint64_t name = Field(code, PY_CODE_NAME);
    EXPECT_EQ(ReadText(name), frame["name"].get<Text>());
    EXPECT_EQ(Field(name, PY_UNICODE_HASH), frame["name_hash"]);
    EXPECT_EQ(ReadText(Field(code, PY_CODE_FILENAME)), frame["filename"].get<Text>());
    if (Has(PY_CODE_QUALNAME)) {
      EXPECT_EQ(ReadText(Field(code, PY_CODE_QUALNAME)), frame["qualname"].get<Text>());
    }
  }
}

TEST_P(LiveLayout, CodeObjectsHoldTheirTablesAndSizes) {
  std::vector<uint32_t> versions;
  for (const Json& frame : report_["frames"]) {
    const uint64_t code = frame["code"];
    EXPECT_EQ(Field<int32_t>(code, PY_CODE_FIRSTLINENO), frame["first_line"]);
    const uint64_t table = Field(code, PY_CODE_LINETABLE);
    std::vector<uint8_t> bytes(std::min<uint64_t>(Field(table, PY_BYTES_SIZE), 4096));
    ASSERT_TRUE(live_.memory
                    ->Read(table + layout().offset[PY_BYTES_DATA],
                           absl::MakeSpan(reinterpret_cast<std::byte*>(bytes.data()), bytes.size()))
                    .ok());
    EXPECT_EQ(bytes, frame["line_table"].get<std::vector<uint8_t>>());
    if (!Has(PY_CODE_UNITS)) {
      EXPECT_EQ(Field(Field(code, PY_CODE_BYTECODE), PY_BYTES_SIZE), frame["code_bytes"]);
      continue;
    }
    EXPECT_EQ(2 * Field(code, PY_CODE_UNITS), frame["code_bytes"]);
    EXPECT_EQ(Field<int32_t>(code, PY_CODE_FIRSTTRACEABLE), frame["first_traceable"]);
    if (Has(PY_CODE_VERSION)) versions.push_back(Field<uint32_t>(code, PY_CODE_VERSION));
  }
  std::sort(versions.begin(), versions.end());
  EXPECT_EQ(std::adjacent_find(versions.begin(), versions.end()), versions.end());
  EXPECT_EQ(std::count(versions.begin(), versions.end(), 0u), 0);
}

TEST_P(LiveLayout, ModulesAreSysModules) {
  EXPECT_EQ(Field(interp_, PY_INTERP_MODULES), report_["modules"]);
  EXPECT_EQ(TypeName(Field(interp_, PY_INTERP_MODULES)), "dict");
}

TEST_P(LiveLayout, TheSpinningThreadHoldsTheGil) {
  if (layout().free_threaded) GTEST_SKIP() << "no GIL";
  uint64_t holder = 0;
  for (int tries = 0; tries < 1000 && holder != StateOf("spinner"); ++tries) {
    holder = Has(PY_INTERP_GIL_HOLDER) ? Field(interp_, PY_INTERP_GIL_HOLDER)
                                       : Get(live_.bias + live_.image.addresses.tstate_current);
  }
  EXPECT_EQ(holder, StateOf("spinner"));
  if (Has(PY_INTERP_GIL_LOCKED)) {
    EXPECT_EQ(Field<int32_t>(interp_, PY_INTERP_GIL_LOCKED), 1);
  }
}

// Pitfall 29: the key leads to the thread state also while the GIL is released, as `main` does.
TEST_P(LiveLayout, ThePthreadKeyLeadsToTheThreadState) {
  const uint64_t address = live_.image.addresses.tss_key;
  for (const auto& [thread_id, state] : states_) {
    auto keys = KeysHolding(*live_.memory, thread_id, state);
    ASSERT_TRUE(keys.ok()) << keys.status();
    if (live_.image.version.minor >= 15) {
      EXPECT_EQ(address, 0u);
      EXPECT_THAT(*keys, IsEmpty()) << "3.15 has no such key";
    } else {
      ASSERT_NE(address, 0u);
      const TssKey key{Get<uint32_t>(live_.bias + address), ThreadLibrary::kGlibc};
      EXPECT_THAT(*keys, Contains(key));
    }
  }
}

TEST_P(LiveLayout, GenerationChangesWhenCodeIsFreed) {
  if (!Has(PY_INTERP_CODE_GENERATION)) GTEST_SKIP() << "before 3.14";
  const uint64_t before = Field(interp_, PY_INTERP_CODE_GENERATION);
  program_->WriteLine("");
  ASSERT_EQ(program_->ReadLine(), "freed");
  EXPECT_NE(Field(interp_, PY_INTERP_CODE_GENERATION), before);
}

std::string TestName(const ::testing::TestParamInfo<Interpreter>& info) {
  std::string name = info.param.ToString();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LiveLayout);
INSTANTIATE_TEST_SUITE_P(Installed, LiveLayout, ::testing::ValuesIn(testing::Interpreters()),
                         TestName);

}  // namespace
}  // namespace profd
