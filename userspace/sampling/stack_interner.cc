#include "userspace/sampling/stack_interner.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace profd {

void StackInterner::Clear() {
  std::fill(slots_.begin(), slots_.end(), Slot());
  read_late_.clear();
}

StackInterner::RawKey StackInterner::KeyOf(const SymbolizerProcess& process, const RawStack& raw) {
  const absl::string_view frames(reinterpret_cast<const char*>(raw.python.data()),
                                 raw.python.size() * sizeof(py_frame_record));
  const void* leaf = raw.native_leaf.get();
  const uint64_t incarnation = process.key.incarnation;
  return {absl::HashOf(incarnation, frames, raw.kernel, leaf, raw.state),
          absl::HashOf(raw.state, leaf, raw.kernel, frames, ~incarnation)};
}

StackInterner::Slot& StackInterner::SlotOf(uint64_t incarnation, uint64_t tag, int32_t lasti) {
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // Knuth's multiplicative hashing
  const uint64_t mixed = (incarnation ^ tag ^ static_cast<uint32_t>(lasti) * kGolden) * kGolden;
  return slots_[mixed >> (64 - kSlotBits)];
}

bool StackInterner::AddKernel(uint64_t address, Profile* profile) {
  Slot& slot = SlotOf(0, address, 0);
  if (slot.tag != address || slot.incarnation != 0 || address == 0) {
    const auto location = profile->InternLocation(symbolizer_->KernelFrame(address));
    if (!location.has_value()) return false;
    slot = {0, address, 0, *location};
  }
  locations_.push_back(slot.location);
  return true;
}

bool StackInterner::AddPython(uint64_t incarnation, const py_frame_record& record,
                              Profile* profile) {
  Slot& slot = SlotOf(incarnation, record.tag, record.lasti);
  if (slot.tag != record.tag || slot.lasti != record.lasti || slot.incarnation != incarnation ||
      record.tag == 0) {
    const CodeObject* code =
        record.tag == 0 ? nullptr : symbolizer_->codes().Find(incarnation, record.tag);
    if (code == nullptr) return false;
    const auto location = profile->InternLocation({code->function(), code->LineOf(record.lasti)});
    if (!location.has_value()) return false;
    slot = {incarnation, record.tag, record.lasti, *location};
  }
  locations_.push_back(slot.location);
  return true;
}

bool StackInterner::AddFunction(const std::shared_ptr<const Function>& function, Profile* profile) {
  if (function == nullptr) return true;
  const auto location = profile->InternLocation({function, 0});
  if (location.has_value()) locations_.push_back(*location);
  return location.has_value();
}

bool StackInterner::AddAll(const SymbolizerProcess& process, const RawStack& raw,
                           Profile* profile) {
  locations_.clear();
  for (uint64_t address : raw.kernel) {
    if (!AddKernel(address, profile)) return false;
  }
  if (!AddFunction(raw.native_leaf, profile)) return false;
  for (const py_frame_record& record : raw.python) {
    if (!AddPython(process.key.incarnation, record, profile)) return false;
  }
  return AddFunction(symbolizer_->Marker(raw.state), profile);
}

Profile::StackId StackInterner::Intern(const SymbolizerProcess& process, const RawStack& raw,
                                       Profile* profile) {
  if (AddAll(process, raw, profile)) return profile->InternLocations(locations_);
  const RawKey key = KeyOf(process, raw);
  if (auto known = read_late_.find(key); known != read_late_.end()) return known->second;
  const Profile::StackId stack = profile->InternStack(symbolizer_->Symbolize(process, raw));
  read_late_.emplace(key, stack);
  return stack;
}

}  // namespace profd
