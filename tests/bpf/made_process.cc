#include "tests/bpf/made_process.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layout_builder.h"
#include "symbolizer/cpython/layouts.h"

namespace profd::testing {
namespace {

constexpr uint32_t kPoison = 0x7fff'fff8;
constexpr uint64_t kCodeUnits = 200;
constexpr uint64_t kFirstTraceable = 4;
constexpr uint64_t kFrameStride = 136;  // with locals, as in the thread's data stack
constexpr uint8_t kOwnedByGenerator = 1;
constexpr uint32_t kTlbcIndex = 3;
// glibc's struct pthread, x86-64.
constexpr uint64_t kSpecificFirstBlock = 0x310;
constexpr uint64_t kSpecificBlocks = 0x510;

// 3.13+, whose offsets come from the interpreter itself: plausible ones.
py_layout LayoutWithDebugOffsets(const MadeVersion& version) {
  constexpr std::pair<py_field, uint32_t> kFields[] = {
      {PY_RUNTIME_INTERP_HEAD, 600},
      {PY_RUNTIME_TSS_KEY, 700},
      {PY_INTERP_ID, 7392},
      {PY_INTERP_NEXT, 7400},
      {PY_INTERP_THREADS_HEAD, 7300},
      {PY_TSTATE_NEXT, 8},
      {PY_TSTATE_INTERP, 16},
      {PY_TSTATE_THREAD_ID, 152},
      {PY_TSTATE_FRAME, 72},
      {PY_FRAME_PREVIOUS, 8},
      {PY_FRAME_CODE, 0},
      {PY_FRAME_INSTR, 56},
      {PY_FRAME_OWNER, 74},
      {PY_CODE_NAME, 120},
      {PY_CODE_QUALNAME, 128},
      {PY_CODE_FILENAME, 112},
      {PY_CODE_FIRSTLINENO, 68},
      {PY_CODE_LINETABLE, 136},
      {PY_CODE_UNITS, 16},
      {PY_CODE_BYTECODE, 208},
      {PY_CODE_FIRSTTRACEABLE, 184},
      {PY_CODE_VERSION, 92},
      {PY_OBJECT_TYPE, 8},
      {PY_TYPE_NAME, 24},
  };
  py_layout layout{};
  for (const auto& [field, offset] : kFields) SetField(layout, field, offset);
  if (version.free_threaded) {
    SetField(layout, PY_FRAME_TLBC_INDEX, 76);
    SetField(layout, PY_CODE_TLBC, 192);
  }
  if (version.base_frame != PY_BASE_FRAME_NONE) SetField(layout, PY_TSTATE_BASE_FRAME, 512);
  if (version.minor >= 14) {
    SetField(layout, PY_INTERP_CODE_GENERATION, 7408);
    layout.code_pointer_mask = 3;
  }
  FinishLayout(layout, {3, version.minor, 0, version.free_threaded});
  layout.base_frame_kind = version.base_frame;
  return layout;
}

}  // namespace

std::string ToString(const MadeVersion& version) {
  return absl::StrCat("3_", version.minor, version.free_threaded ? "t" : "",
                      version.base_frame == PY_BASE_FRAME_EMBEDDED ? "_embedded_base" : "");
}

const std::vector<MadeVersion>& MadeVersions() {
  static const auto* versions = new std::vector<MadeVersion>{
      {6},
      {7},
      {8},
      {9},
      {10},
      {11},
      {12},
      {13},
      {14},
      {14, true},
      {15, false, PY_BASE_FRAME_POINTER},
      {15, false, PY_BASE_FRAME_EMBEDDED},
      {15, true, PY_BASE_FRAME_POINTER},
  };
  return *versions;
}

py_layout MadeLayout(const MadeVersion& version) {
  py_layout layout{};
  if (version.minor >= 13) {
    layout = LayoutWithDebugOffsets(version);
  } else {
    auto known = LayoutForVersion({3, version.minor, 20});
    if (!known.ok()) abort();
    layout = *known;
  }
  for (int field = 0; field < PY_FIELD_COUNT; ++field) {
    if (!Has(layout, static_cast<py_field>(field))) layout.offset[field] = kPoison;
  }
  return layout;
}

MadeProcess::MadeProcess(const MadeVersion& version)
    : version_(version), layout_(MadeLayout(version)) {
  memory_.set_fill(std::byte{0xcc});
  const uint64_t names = Allocate(64);
  memory_.Write(names, absl::string_view("code\0codec\0", 11));
  code_type_ = Allocate(64);
  PutField(code_type_, PY_TYPE_NAME, names);
  other_type_ = Allocate(64);
  PutField(other_type_, PY_TYPE_NAME, names + 5);
  interp_head_ = Allocate(8);
  tss_key_ = Allocate(8);
  memory_.Put(tss_key_, uint32_t{2000});  // not a key: the list must tell
  memory_.Write(kThreadPointer, std::string(0x800, '\0'));
  if (version.minor <= 11) {
    tstate_current_ = Allocate(8);
    memory_.Put(tstate_current_, uint64_t{0});
  }
  tstate_ = AddThreadState(AddInterpreter(), kThreadPointer);
}

bool MadeProcess::has_owner() const { return Has(layout_, PY_FRAME_OWNER); }

uint64_t MadeProcess::Allocate(uint64_t bytes) {
  const uint64_t address = next_;
  next_ += (bytes + 15) & ~uint64_t{15};
  memory_.Write(address, std::string(bytes, '\0'));
  return address;
}

uint64_t MadeProcess::AddInterpreter() {
  const uint64_t interpreter = Allocate(8192);
  PutField(interpreter, PY_INTERP_NEXT, newest_interpreter_);
  memory_.Put(interp_head_, interpreter);
  newest_interpreter_ = interpreter;
  return interpreter;
}

uint64_t MadeProcess::AddThreadState(uint64_t interpreter, uint64_t thread_pointer) {
  const uint64_t tstate = Allocate(1024);
  uint64_t first = 0;
  if (!memory_
           .Read(interpreter + layout_.offset[PY_INTERP_THREADS_HEAD],
                 absl::MakeSpan(reinterpret_cast<std::byte*>(&first), sizeof(first)))
           .ok()) {
    abort();
  }
  PutField(tstate, PY_TSTATE_NEXT, first);
  PutField(tstate, PY_TSTATE_INTERP, interpreter);
  PutField(tstate, PY_TSTATE_THREAD_ID, thread_pointer);
  PutField(interpreter, PY_INTERP_THREADS_HEAD, tstate);
  return tstate;
}

void MadeProcess::SetSpecific(uint32_t key, uint64_t value) {
  memory_.Put(tss_key_, key);
  uint64_t block = kThreadPointer + kSpecificFirstBlock;
  if (key >= 32) {
    block = Allocate(32 * 16);
    memory_.Put(kThreadPointer + kSpecificBlocks + key / 32 * 8, block);
  }
  memory_.Put(block + key % 32 * 16 + 8, value);
}

void MadeProcess::SetAttached(uint64_t tstate) { memory_.Put(tstate_current_, tstate); }

uint64_t MadeProcess::AddCode(uint64_t type) {
  const uint64_t code = Allocate(layout_.code_bytes + 2 * kCodeUnits + 64);
  PutField(code, PY_OBJECT_TYPE, type);
  if (Has(layout_, PY_CODE_UNITS)) PutField(code, PY_CODE_UNITS, kCodeUnits);
  if (Has(layout_, PY_CODE_FIRSTTRACEABLE)) {
    memory_.Put(code + layout_.offset[PY_CODE_FIRSTTRACEABLE],
                static_cast<uint32_t>(kFirstTraceable));
  }
  PutField(code, PY_CODE_NAME, Allocate(128));  // any readable address will do
  if (Has(layout_, PY_CODE_VERSION)) {
    memory_.Put(code + layout_.offset[PY_CODE_VERSION], next_version_++);
  }
  return code;
}

void MadeProcess::WriteFrame(uint64_t frame, MadeFrame kind, uint64_t previous) {
  const bool pointer = layout_.instr_kind == PY_INSTR_POINTER;
  const uint64_t tag = layout_.code_pointer_mask & 1;
  memory_.Write(frame, std::string(layout_.frame_bytes, '\x5a'));
  PutField(frame, PY_FRAME_PREVIOUS, previous);
  uint8_t owner = 0;
  uint64_t code = 0;
  int32_t lasti = 2 * (static_cast<int32_t>(kFirstTraceable) + 1 + expected_.size() % 90);
  switch (kind) {
    case MadeFrame::kShim:
      owner = layout_.owner_skip_min;
      break;
    case MadeFrame::kGenerator:
      owner = kOwnedByGenerator;
      lasti = 2;
      break;
    case MadeFrame::kIncomplete:
      lasti = 2 * (kFirstTraceable - 1);
      break;
    case MadeFrame::kElsewhere:
      lasti = 2 * kCodeUnits + 2;
      break;
    default:
      break;
  }
  if (kind != MadeFrame::kNoCode) {
    code =
        AddCode(kind == MadeFrame::kNotCode || kind == MadeFrame::kShim ? other_type_ : code_type_);
  }
  PutField(frame, PY_FRAME_CODE, code == 0 ? 0 : code | tag);
  uint64_t bytecode = code + layout_.offset[PY_CODE_BYTECODE];
  if (Has(layout_, PY_FRAME_TLBC_INDEX)) {
    const bool copy = kind == MadeFrame::kSecondCopy;
    memory_.Put(frame + layout_.offset[PY_FRAME_TLBC_INDEX], copy ? kTlbcIndex : 0);
    if (copy) {
      const uint64_t array = Allocate(8 + 8 * (kTlbcIndex + 1));
      bytecode = Allocate(2 * kCodeUnits);
      memory_.Put(array, uint64_t{kTlbcIndex + 1});
      memory_.Put(array + 8 + 8 * kTlbcIndex, bytecode);
      PutField(code, PY_CODE_TLBC, array);
    }
  }
  if (pointer) {
    PutField(frame, PY_FRAME_INSTR, bytecode + lasti);
  } else {
    const int32_t unit = layout_.instr_kind == PY_INSTR_LASTI_UNITS ? 2 : 1;
    memory_.Put(frame + layout_.offset[PY_FRAME_INSTR], lasti / unit);
  }
  if (Has(layout_, PY_FRAME_OWNER)) memory_.Put(frame + layout_.offset[PY_FRAME_OWNER], owner);
  if (kind == MadeFrame::kPython || kind == MadeFrame::kGenerator ||
      kind == MadeFrame::kSecondCopy) {
    expected_.push_back({code, lasti});
  }
}

void MadeProcess::SetStack(uint64_t tstate, const std::vector<MadeFrame>& kinds) {
  const uint64_t stride = layout_.frame_style == PY_FRAME_STYLE_OBJECT ? 480 : kFrameStride;
  uint64_t end = 0;
  if (layout_.base_frame_kind == PY_BASE_FRAME_EMBEDDED) {
    end = tstate + layout_.offset[PY_TSTATE_BASE_FRAME];
  } else if (layout_.base_frame_kind == PY_BASE_FRAME_POINTER) {
    end = Allocate(layout_.frame_bytes);
    PutField(tstate, PY_TSTATE_BASE_FRAME, end);
  }
  base_frame_ = end;
  const uint64_t stack = Allocate(stride * (kinds.size() + 1));
  const auto address = [&](size_t leaf_index) {
    return leaf_index == kinds.size() ? end : stack + stride * (kinds.size() - 1 - leaf_index);
  };
  frames_.clear();
  expected_.clear();
  for (size_t i = 0; i < kinds.size(); ++i) {
    frames_.push_back(address(i));
    WriteFrame(address(i), kinds[i], address(i + 1));
  }
  if (layout_.frame_style == PY_FRAME_STYLE_CFRAME) {
    const uint64_t cframe = Allocate(64);
    PutField(cframe, PY_CFRAME_CURRENT_FRAME, address(0));
    PutField(tstate, PY_TSTATE_FRAME, cframe);
  } else {
    PutField(tstate, PY_TSTATE_FRAME, address(0));
  }
}

std::unique_ptr<native_sample> MadeProcess::NewSample() const {
  auto sample = std::make_unique<native_sample>();
  sample->layout = layout_;
  sample->process.incarnation = 77;
  sample->process.interp_head = interp_head_;
  sample->process.tss_key = tss_key_;
  sample->process.tstate_current = tstate_current_;
  sample->thread_pointer = kThreadPointer;
  sample->owner = 99;
  return sample;
}

std::unique_ptr<native_sample> MadeProcess::Sample() {
  auto sample = NewSample();
  memory_.ResetReads();
  native_sample_thread(sample.get());
  return sample;
}

std::vector<MadeProcess::Expected> MadeProcess::FramesOf(const native_sample& sample) {
  std::vector<Expected> frames;
  for (uint32_t i = 0; i < sample.depth; ++i) {
    frames.push_back({sample.frames[i].code, sample.frames[i].lasti});
  }
  return frames;
}

}  // namespace profd::testing
