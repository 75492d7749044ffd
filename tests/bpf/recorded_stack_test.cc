// The walkers over the memory of live interpreters, against what the programs say of themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "symbolizer/code_reader.h"
#include "symbolizer/cpython/line_table.h"
#include "symbolizer/cpython/unicode.h"
#include "symbolizer/symbolizer.h"
#include "tests/bpf/fake_target.h"
#include "tests/bpf/native_walkers.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "tests/symbolizer/cpython/live_interpreter.h"

namespace profd::testing {
namespace {

// As the program tells it.
struct ToldFrame {
  uint64_t code = 0;
  int lasti = 0;
  int line = 0;
  std::string name;
};

std::string ScriptHere(const std::string& name) {
  std::ifstream file(absl::StrCat(PROFD_SOURCE_DIR, "/tests/bpf/", name));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<ToldFrame> ReadFrames(PythonProgram& program) {
  std::vector<ToldFrame> frames;
  for (std::string line = program.ReadLine(); !line.empty() && line != ".";
       line = program.ReadLine()) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    ToldFrame frame;
    EXPECT_EQ(words.size(), 4u) << line;
    if (words.size() != 4) return frames;
    frame.code = std::stoull(words[0], nullptr, 16);
    EXPECT_TRUE(absl::SimpleAtoi(words[1], &frame.lasti));
    EXPECT_TRUE(absl::SimpleAtoi(words[2], &frame.line));
    frame.name = words[3];
    frames.push_back(frame);
  }
  return frames;
}

// A sample of one thread, as the sampler would take it from a process it has just met.
std::unique_ptr<native_sample> NewSample(const LiveInterpreter& live, uint64_t thread_pointer) {
  const auto at = [&](uint64_t address) { return address == 0 ? 0 : live.bias + address; };
  auto sample = std::make_unique<native_sample>();
  sample->layout = live.image.layout;
  sample->process.incarnation = 1;
  sample->process.interp_head = at(live.image.addresses.interp_head);
  sample->process.tss_key = at(live.image.addresses.tss_key);
  sample->process.tstate_current = at(live.image.addresses.tstate_current);
  sample->thread_pointer = thread_pointer;
  return sample;
}

std::string NameOf(ProcessMemory& memory, const py_layout& layout, uint64_t code) {
  auto name = memory.Get<uint64_t>(code + layout.offset[PY_CODE_NAME]);
  if (!name.ok()) return "";
  return ReadUnicode(memory, layout, *name, 100).value_or("");
}

int LineOf(ProcessMemory& memory, const py_layout& layout, const py_frame_record& frame) {
  auto first = memory.Get<int32_t>(frame.code + layout.offset[PY_CODE_FIRSTLINENO]);
  auto table = memory.Get<uint64_t>(frame.code + layout.offset[PY_CODE_LINETABLE]);
  if (!first.ok() || !table.ok()) return -1;
  auto bytes = ReadBytes(memory, layout, *table, 1 << 20);
  if (!bytes.ok()) return -1;
  return LineAt(LineTableFormatFor(layout.version), *bytes, *first, frame.lasti);
}

class RecordedStack : public ::testing::TestWithParam<Interpreter> {
 protected:
  void Start(const std::string& shape) {
    program_ = std::make_unique<PythonProgram>(GetParam(), ScriptHere("recorded_stack.py"),
                                               std::vector<std::string>{shape});
    const std::string ident = program_->ReadLine();
    ASSERT_FALSE(ident.empty());
    thread_ = std::stoull(ident, nullptr, 16);
    told_ = ReadFrames(*program_);
    ASSERT_NO_FATAL_FAILURE(Attach());
  }

  void Attach() {
    auto live = FindLiveInterpreter(program_->pid());
    ASSERT_TRUE(live.ok()) << live.status();
    live_ = std::make_unique<LiveInterpreter>(*std::move(live));
    target_.RecordFrom(live_->memory.get());
  }

  std::unique_ptr<native_sample> Sample() {
    auto sample = NewSample(*live_, thread_);
    target_.ResetReads();
    native_sample_thread(sample.get());
    return sample;
  }

  void ExpectTold(const native_sample& sample, size_t limit = PROFD_MAX_PY_FRAMES) {
    ASSERT_EQ(sample.depth, std::min(told_.size(), limit));
    for (uint32_t i = 0; i < sample.depth; ++i) {
      const py_frame_record& frame = sample.frames[i];
      EXPECT_EQ(frame.code, told_[i].code) << i;
      EXPECT_NE(frame.tag, 0u) << i;
      EXPECT_EQ(NameOf(target_, sample.layout, frame.code), told_[i].name) << i;
      if (i == 0) continue;
      EXPECT_EQ(frame.lasti, told_[i].lasti) << i << " " << told_[i].name;
      EXPECT_EQ(LineOf(target_, sample.layout, frame), told_[i].line) << i << " " << told_[i].name;
    }
    // The leaf has gone on since, to wait.
    EXPECT_GT(LineOf(target_, sample.layout, sample.frames[0]), told_[0].line);
  }

  std::unique_ptr<PythonProgram> program_;
  std::unique_ptr<LiveInterpreter> live_;
  FakeTarget target_;
  uint64_t thread_ = 0;
  std::vector<ToldFrame> told_;
};

// Pitfall 28
TEST_P(RecordedStack, HasTheDepthOfGetframe) {
  ASSERT_NO_FATAL_FAILURE(Start("nest"));
  auto sample = Sample();
  EXPECT_GT(told_.size(), 30u);
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(sample->half_pushed, 0);
  ExpectTold(*sample);
}

// Pitfall 33: what is read late is shown only if it is the code object that was sampled.
TEST_P(RecordedStack, UserSpaceReckonsTheTagsOfTheWalker) {
  ASSERT_NO_FATAL_FAILURE(Start("nest"));
  auto sample = Sample();
  ASSERT_GT(sample->depth, 30u);
  for (uint32_t i = 0; i < sample->depth; ++i) {
    const py_frame_record& frame = sample->frames[i];
    const CodeReference reference = {frame.code, sample->process.incarnation, frame.tag};
    EXPECT_TRUE(ReadCode(target_, sample->layout, reference).ok()) << told_[i].name;
    for (const CodeReference& other :
         {CodeReference{frame.code, reference.incarnation + 1, frame.tag},
          CodeReference{frame.code, reference.incarnation, frame.tag ^ 1}}) {
      EXPECT_TRUE(absl::IsNotFound(ReadCode(target_, sample->layout, other).status()));
    }
    if (GetParam().free_threaded) continue;
    // As the allocators of CPython and of libc leave what was freed.
    const uint64_t was = *target_.Get<uint64_t>(frame.code);
    for (const uint64_t next : {uint64_t{0}, frame.code - 512}) {
      target_.Put(frame.code, next);
      EXPECT_TRUE(absl::IsUnavailable(ReadCode(target_, sample->layout, reference).status()));
    }
    target_.Put(frame.code, was);
  }
}

// Pitfall 33
TEST_P(RecordedStack, NamesReadLateAreKeptAndThoseThatAreGoneAreNotLookedFor) {
  ASSERT_NO_FATAL_FAILURE(Start("nest"));
  auto sample = Sample();
  std::vector<py_frame_record> frames(sample->frames, sample->frames + sample->depth);
  Symbolizer symbolizer{{}};
  int looks = 0;
  SymbolizerProcess process;
  process.key.incarnation = sample->process.incarnation;
  process.layout = &sample->layout;
  process.memory = [&]() -> ProcessMemory* { return ++looks, &target_; };
  process.learn = [&](uint64_t tag, CodeDescription description) {
    symbolizer.codes().Add(process.key.incarnation, tag, std::move(description));
  };
  const RawStack whole = {frames, {}, nullptr, STACK_WHOLE};
  const Stack first = symbolizer.Symbolize(process, whole);
  ASSERT_EQ(first.size(), told_.size());
  for (size_t i = 0; i < told_.size(); ++i) {
    EXPECT_TRUE(absl::EndsWith(first[i].function->name, told_[i].name)) << told_[i].name;
  }
  EXPECT_EQ(symbolizer.stats().frames_unnamed, 0u);
  const int looks_once = std::exchange(looks, 0);
  EXPECT_LT(looks_once, static_cast<int>(told_.size()));  // functions call themselves
  EXPECT_EQ(symbolizer.Symbolize(process, whole).size(), first.size());
  EXPECT_EQ(looks, 0);

  for (py_frame_record& frame : frames) frame.tag ^= 1;  // as of code objects that were freed
  for (const Frame& frame : symbolizer.Symbolize(process, whole)) {
    EXPECT_EQ(frame.function->name, "[unnamed function]");
  }
  EXPECT_EQ(std::exchange(looks, 0), looks_once);
  (void)symbolizer.Symbolize(process, whole);
  EXPECT_EQ(looks, 0);
}

// Pitfall 11
TEST_P(RecordedStack, HasAllFramesAfter300EntriesFromC) {
  ASSERT_NO_FATAL_FAILURE(Start("through_c"));
  auto sample = Sample();
  EXPECT_GT(told_.size(), 300u);
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  ExpectTold(*sample);
}

// Pitfall 10
TEST_P(RecordedStack, IsCutAtTheLimit) {
  ASSERT_NO_FATAL_FAILURE(Start("deep"));
  auto sample = Sample();
  EXPECT_GT(told_.size(), 1500u);
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  ExpectTold(*sample);
}

TEST_P(RecordedStack, GoesThroughGeneratorsMethodsAndComprehensions) {
  ASSERT_NO_FATAL_FAILURE(Start("mixed"));
  auto sample = Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  ExpectTold(*sample);
}

// Pitfall 12
TEST_P(RecordedStack, ShowsAFunctionNamedLikeAnInterpreterEntry) {
  ASSERT_NO_FATAL_FAILURE(Start("trampoline"));
  auto sample = Sample();
  ASSERT_GT(told_.size(), 1u);
  const bool renamed = GetParam().minor >= 8;  // code.replace()
  EXPECT_EQ(told_[1].name, renamed ? "<interpreter trampoline>" : "function");
  ExpectTold(*sample);
}

// Pitfall 29: the thread has released the GIL.
TEST_P(RecordedStack, OfAThreadOtherThanTheFirst) {
  ASSERT_NO_FATAL_FAILURE(Start("thread"));
  auto sample = Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  ExpectTold(*sample);
}

TEST_P(RecordedStack, IsFoundThroughTheThreadsOwnKey) {
  ASSERT_NO_FATAL_FAILURE(Start("thread"));
  auto sample = Sample();
  EXPECT_EQ(sample->tstate_source,
            live_->image.addresses.tss_key != 0 ? TSTATE_FROM_TSS : TSTATE_FROM_LIST);
}

// Pitfall 1
TEST_P(RecordedStack, IsNeverCalledWholeWhenAReadHidAFrame) {
  ASSERT_NO_FATAL_FAILURE(Start("through_c"));
  auto whole = Sample();
  ASSERT_EQ(whole->stack_state, STACK_WHOLE);
  const int reads = static_cast<int>(target_.reads().size());
  program_.reset();
  target_.RecordFrom(nullptr);
  ASSERT_EQ(Sample()->depth, whole->depth);
  for (int i = 0; i < reads; ++i) {
    target_.FailRead(i);
    auto sample = Sample();
    if (sample->stack_state != STACK_WHOLE) continue;
    ASSERT_EQ(sample->depth, whole->depth) << "read " << i << " failed";
    for (uint32_t k = 0; k < whole->depth; ++k) {
      ASSERT_EQ(sample->frames[k].code, whole->frames[k].code) << "read " << i << " failed";
    }
  }
}

// Pitfall 32
TEST_P(RecordedStack, JoinsTheFramesOfNestedInterpreters) {
  if (GetParam().minor < 8) GTEST_SKIP() << "no module that runs interpreters";
  program_ = std::make_unique<PythonProgram>(GetParam(), ScriptHere("nested_interpreter.py"));
  const std::string ident = program_->ReadLine();
  if (ident == "none") GTEST_SKIP() << "no module that runs interpreters";
  ASSERT_FALSE(ident.empty());
  thread_ = std::stoull(ident, nullptr, 16);
  const std::vector<ToldFrame> outer = ReadFrames(*program_);
  const std::vector<ToldFrame> inner = ReadFrames(*program_);
  ASSERT_GE(inner.size(), 3u);
  ASSERT_GE(outer.size(), 3u);
  ASSERT_NO_FATAL_FAILURE(Attach());
  auto sample = Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  // Of the outer ones, the function that told them has returned.
  ASSERT_EQ(sample->depth, inner.size() + outer.size() - 1);
  for (uint32_t i = 0; i < sample->depth; ++i) {
    const ToldFrame& told = i < inner.size() ? inner[i] : outer[i - inner.size() + 1];
    EXPECT_EQ(sample->frames[i].code, told.code) << i;
    EXPECT_EQ(NameOf(target_, sample->layout, sample->frames[i].code), told.name) << i;
  }
}

std::string NameOfInterpreter(const ::testing::TestParamInfo<Interpreter>& info) {
  return absl::StrCat("Python3_", info.param.minor, info.param.free_threaded ? "t_" : "_",
                      info.index);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecordedStack);
INSTANTIATE_TEST_SUITE_P(EachInterpreter, RecordedStack, ::testing::ValuesIn(Interpreters()),
                         NameOfInterpreter);

}  // namespace
}  // namespace profd::testing
