#include "tests/bpf/random_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "tests/bpf/fake_target.h"
#include "tests/bpf/made_process.h"
#include "tests/bpf/native_walkers.h"

namespace profd::testing {
namespace {

// Small enough that pointers of one or two random bytes lead somewhere.
constexpr uint64_t kBase = 0x10000;
constexpr uint64_t kMaxBytes = 0x8000;

[[noreturn]] void Broken(const char* promise) {
  fprintf(stderr, "broken promise: %s\n", promise);
  abort();
}

class Input {
 public:
  explicit Input(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_.remove_prefix(1);
    return byte;
  }
  absl::Span<const uint8_t> rest() const { return bytes_; }

 private:
  absl::Span<const uint8_t> bytes_;
};

// User space lets no layout through whose fields lie outside of what is read of a structure.
void DisturbLayout(Input& input, py_layout& layout) {
  for (int changes = input.Byte() % 4; changes > 0; --changes) {
    const auto field = static_cast<py_field>(input.Byte() % PY_FIELD_COUNT);
    const uint32_t offset = input.Byte() * 8u;
    const bool of_frame = field >= PY_FRAME_PREVIOUS && field <= PY_FRAME_TLBC_INDEX;
    const bool of_code = field >= PY_CODE_NAME && field <= PY_OBJECT_TYPE;
    const uint32_t limit = of_frame ? layout.frame_bytes : of_code ? layout.code_bytes : 0x10000;
    if (offset + 8 <= limit) layout.offset[field] = offset;
  }
}

bool ReadWord(FakeTarget& memory, uint64_t address, uint64_t& word) {
  return memory.Read(address, absl::MakeSpan(reinterpret_cast<std::byte*>(&word), 8)).ok();
}

// An independent, simple walk of the links: does the chain of this thread state end?
bool ChainEnds(FakeTarget& memory, const py_layout& layout, uint64_t tstate) {
  uint64_t frame = 0;
  uint64_t base = 0;
  if (!ReadWord(memory, tstate + layout.offset[PY_TSTATE_FRAME], frame)) return false;
  if (layout.frame_style == PY_FRAME_STYLE_CFRAME &&
      (frame == 0 || !ReadWord(memory, frame + layout.offset[PY_CFRAME_CURRENT_FRAME], frame))) {
    return false;
  }
  if (layout.base_frame_kind == PY_BASE_FRAME_EMBEDDED) {
    base = tstate + layout.offset[PY_TSTATE_BASE_FRAME];
  } else if (layout.base_frame_kind == PY_BASE_FRAME_POINTER &&
             !ReadWord(memory, tstate + layout.offset[PY_TSTATE_BASE_FRAME], base)) {
    return false;
  }
  absl::flat_hash_set<uint64_t> seen;
  while (frame != 0 && frame != base) {
    if (!seen.insert(frame).second) return false;
    if (!ReadWord(memory, frame + layout.offset[PY_FRAME_PREVIOUS], frame)) return false;
  }
  return true;
}

}  // namespace

RandomWalk WalkBytes(absl::Span<const uint8_t> bytes) {
  Input input(bytes);
  const auto& versions = MadeVersions();
  py_layout layout = MadeLayout(versions[input.Byte() % versions.size()]);
  DisturbLayout(input, layout);

  FakeTarget memory;
  auto first = std::make_unique<native_sample>();
  first->layout = layout;
  first->process.interp_head = kBase + input.Byte() * 8u;
  first->process.tss_key = kBase + input.Byte() * 8u;
  if (input.Byte() % 2) first->process.tstate_current = kBase + input.Byte() * 8u;
  if (input.Byte() % 2) first->process.code_type = kBase + input.Byte() * 8u;
  first->process.tss_proven = input.Byte() % 2;
  first->thread_pointer = kBase + input.Byte() * 8u;
  const bool given = input.Byte() % 4 != 0;  // else the thread state has to be found
  const uint64_t tstate = kBase + input.Byte() * 8u;
  const auto rest = input.rest().subspan(0, kMaxBytes);
  memory.Write(kBase, absl::string_view(reinterpret_cast<const char*>(rest.data()), rest.size()));

  RandomWalk result;
  for (int bounded : {0, 1}) {
    auto sample = std::make_unique<native_sample>(*first);
    native_cache cache{0, tstate};
    sample->cache = &cache;
    sample->bounded = bounded;
    memory.ResetReads();
    if (given) {
      sample->tstates[0] = tstate;
      sample->tstate_count = 1;
      native_walk(sample.get());
    } else {
      native_sample_thread(sample.get());
    }
    if (sample->depth > PROFD_MAX_PY_FRAMES) Broken("at most as many frames as there is room for");
    if (sample->tstate_count > PROFD_THREAD_STATES) Broken("room for thread states");
    if (sample->tstate_count == 0) {
      const bool is_known = sample->stack_state < STACK_TRUNCATED;
      if (sample->depth > 0 || (is_known && sample->stack_state != STACK_NONE)) {
        Broken("no thread state, no stack");
      }
      continue;
    }
    if (sample->stack_state == STACK_NONE) Broken("a walk has a state");
    const bool whole =
        sample->stack_state == STACK_WHOLE || sample->stack_state == STACK_WHOLE_GREENLET;
    bool ended = true;
    for (uint32_t i = 0; i < sample->tstate_count; ++i) {
      ended = ended && ChainEnds(memory, layout, sample->tstates[i]);
    }
    if (whole && !ended) Broken("whole only when the chain was ended");
    // Frames: a record each for what was not left out; lasti is -1 or an offset.
    for (uint32_t i = 0; i < sample->depth; ++i) {
      const py_frame_record& frame = sample->frames[i];
      if (frame.lasti < -1) Broken("lasti is -1 or an offset");
      if (frame.code == 0 || frame.code % 8 != 0) Broken("a frame has a code object");
      if (frame.tag == 0 && frame.lasti != -1) Broken("no instruction of unknown code");
    }
    result.whole |= whole;
    result.ended |= ended;
    result.depth = std::max(result.depth, sample->depth);
  }
  return result;
}

}  // namespace profd::testing
