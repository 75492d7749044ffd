// A Python process made up in a FakeTarget, in the layout of any version.
#ifndef PROFD_TESTS_BPF_MADE_PROCESS_H_
#define PROFD_TESTS_BPF_MADE_PROCESS_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "bpf/events.h"
#include "tests/bpf/fake_target.h"
#include "tests/bpf/native_walkers.h"

namespace profd::testing {

struct MadeVersion {
  int minor = 0;
  bool free_threaded = false;
  py_base_frame_kind base_frame = PY_BASE_FRAME_NONE;
};
std::string ToString(const MadeVersion& version);
// All frame styles and ways to end the chain.
const std::vector<MadeVersion>& MadeVersions();
// Offsets of absent fields are poisoned: whoever uses one reads far from anything.
py_layout MadeLayout(const MadeVersion& version);

enum class MadeFrame {
  kPython,
  kGenerator,   // not begun: CPython shows it all the same
  kShim,        // an interpreter entry; needs an owner field
  kIncomplete,  // before RESUME; 3.11+
  kNotCode,     // the code pointer leads to an object of another type
  kNoCode,      // the code pointer is NULL
  kElsewhere,   // the instruction lies outside of the code; 3.11+
  kSecondCopy,  // runs the thread's own copy of the bytecode; free-threaded 3.14+
};

class MadeProcess {
 public:
  static constexpr uint64_t kThreadPointer = 0x7f11'2233'4000;

  // With one interpreter and one thread state, of kThreadPointer.
  explicit MadeProcess(const MadeVersion& version);
  FakeTarget& memory() { return memory_; }
  const py_layout& layout() const { return layout_; }
  uint64_t tstate() const { return tstate_; }
  uint64_t newest_interpreter() const { return newest_interpreter_; }
  bool has_owner() const;
  bool has_incomplete_frames() const { return layout_.instr_kind == PY_INSTR_POINTER; }

  // Gives a thread state these frames, leaf first. Each Python frame has a code object of its own.
  void SetStack(const std::vector<MadeFrame>& frames) { SetStack(tstate_, frames); }
  void SetStack(uint64_t tstate, const std::vector<MadeFrame>& frames);
  // Addresses of the frames of the last SetStack(), leaf first.
  const std::vector<uint64_t>& frames() const { return frames_; }
  uint64_t base_frame() const { return base_frame_; }

  // Goes to the head of the list, as in CPython.
  uint64_t AddInterpreter();
  uint64_t AddThreadState(uint64_t interpreter, uint64_t thread_pointer);
  // Puts a value under CPython's pthread key, in this thread.
  void SetSpecific(uint32_t key, uint64_t value);
  void SetAttached(uint64_t tstate);  // <= 3.11

  void PutField(uint64_t base, py_field field, uint64_t value) {
    memory_.Put(base + layout_.offset[field], value);
  }
  uint64_t Allocate(uint64_t bytes);

  // A sample of kThreadPointer, nothing learnt before.
  std::unique_ptr<native_sample> NewSample() const;
  std::unique_ptr<native_sample> Sample();  // NewSample() and native_sample_thread()

  // What SetStack()'s frames should come to: one record for each frame that CPython would show.
  struct Expected {
    uint64_t code;
    int32_t lasti;
    bool operator==(const Expected&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Expected& e) {
      return out << std::hex << e.code << "+" << std::dec << e.lasti;
    }
  };
  const std::vector<Expected>& expected() const { return expected_; }
  static std::vector<Expected> FramesOf(const native_sample& sample);

 private:
  uint64_t AddCode(uint64_t type);
  void WriteFrame(uint64_t frame, MadeFrame kind, uint64_t previous);

  const MadeVersion version_;
  FakeTarget memory_;
  py_layout layout_;
  uint64_t next_ = 0x7f00'0000'1000;
  uint64_t code_type_ = 0;
  uint64_t other_type_ = 0;
  uint64_t interp_head_ = 0;
  uint64_t tss_key_ = 0;
  uint64_t tstate_current_ = 0;
  uint64_t newest_interpreter_ = 0;
  uint32_t next_version_ = 1;
  uint64_t tstate_ = 0;
  uint64_t base_frame_ = 0;
  std::vector<uint64_t> frames_;
  std::vector<Expected> expected_;
};

}  // namespace profd::testing

#endif  // PROFD_TESTS_BPF_MADE_PROCESS_H_
