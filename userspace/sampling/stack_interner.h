// From raw stacks to a profile's: what was named before in the same window costs a look into a
// small table for each frame.
#ifndef PROFD_USERSPACE_SAMPLING_STACK_INTERNER_H_
#define PROFD_USERSPACE_SAMPLING_STACK_INTERNER_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "symbolizer/symbolizer.h"
#include "userspace/profile/profile.h"

namespace profd {

// For one thread. `symbolizer` outlives it.
class StackInterner {
 public:
  explicit StackInterner(Symbolizer* symbolizer) : symbolizer_(symbolizer), slots_(kSlots) {}

  // `profile` is the same one from each Clear() to the next.
  Profile::StackId Intern(const SymbolizerProcess& process, const RawStack& raw, Profile* profile);
  void Clear();

 private:
  // A frame and its index into the profile's locations. Tags are made of a code object's contents,
  // so that what one stands for does not change when the code cache drops and learns it again.
  struct Slot {
    uint64_t incarnation = 0;  // 0: of the kernel, `tag` is an address
    uint64_t tag = 0;          // 0: empty
    int32_t lasti = 0;
    uint32_t location = 0;
  };
  using RawKey = std::pair<uint64_t, uint64_t>;  // 128 bits of hash
  static constexpr int kSlotBits = 13;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;

  static RawKey KeyOf(const SymbolizerProcess& process, const RawStack& raw);
  Slot& SlotOf(uint64_t incarnation, uint64_t tag, int32_t lasti);
  enum class Added { kYes, kUnknownName, kProfileFull };
  Added AddKernel(const ProcessKey& process, uint64_t address, Profile* profile);
  Added AddPython(const ProcessKey& process, const py_frame_record& record, Profile* profile);
  Added AddFunction(const ProcessKey& process, const std::shared_ptr<const Function>& function,
                    Profile* profile);
  // Fills locations_, or says why not.
  Added AddAll(const ProcessKey& process, const RawStack& raw, Profile* profile);

  Symbolizer* const symbolizer_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> locations_;
  // Stacks with what was read from the process: such a read is made once a window.
  absl::flat_hash_map<RawKey, Profile::StackId> read_late_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_STACK_INTERNER_H_
