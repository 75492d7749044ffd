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

StackInterner::Added StackInterner::AddKernel(const ProcessKey& process, uint64_t address,
                                              Profile* profile) {
  Slot& slot = SlotOf(0, address, 0);
  if (slot.tag != address || slot.incarnation != 0 || address == 0) {
    const auto location = profile->InternLocation(symbolizer_->KernelFrame(address), process.pid);
    if (!location.has_value()) return Added::kProfileFull;
    slot = {0, address, 0, *location};
  }
  locations_.push_back(slot.location);
  return Added::kYes;
}

StackInterner::Added StackInterner::AddPython(const ProcessKey& process,
                                              const py_frame_record& record, Profile* profile) {
  const uint64_t incarnation = process.incarnation;
  Slot& slot = SlotOf(incarnation, record.tag, record.lasti);
  if (slot.tag != record.tag || slot.lasti != record.lasti || slot.incarnation != incarnation ||
      record.tag == 0) {
    const CodeObject* code =
        record.tag == 0 ? nullptr : symbolizer_->codes().Find(incarnation, record.tag);
    if (code == nullptr || !code->complete()) return Added::kUnknownName;
    const auto location =
        profile->InternLocation({code->function(), code->LineOf(record.lasti)}, process.pid);
    if (!location.has_value()) return Added::kProfileFull;
    slot = {incarnation, record.tag, record.lasti, *location};
  }
  locations_.push_back(slot.location);
  return Added::kYes;
}

StackInterner::Added StackInterner::AddFunction(const ProcessKey& process,
                                                const std::shared_ptr<const Function>& function,
                                                Profile* profile) {
  if (function == nullptr) return Added::kYes;
  const auto location = profile->InternLocation({function, 0}, process.pid);
  if (!location.has_value()) return Added::kProfileFull;
  locations_.push_back(*location);
  return Added::kYes;
}

StackInterner::Added StackInterner::AddAll(const ProcessKey& process, const RawStack& raw,
                                           Profile* profile) {
  locations_.clear();
  for (uint64_t address : raw.kernel) {
    if (const Added added = AddKernel(process, address, profile); added != Added::kYes) {
      return added;
    }
  }
  if (const Added added = AddFunction(process, raw.native_leaf, profile); added != Added::kYes) {
    return added;
  }
  for (const py_frame_record& record : raw.python) {
    if (const Added added = AddPython(process, record, profile); added != Added::kYes) return added;
  }
  return AddFunction(process, symbolizer_->Marker(raw.state), profile);
}

Profile::StackId StackInterner::Intern(const SymbolizerProcess& process, const RawStack& raw,
                                       Profile* profile) {
  switch (AddAll(process.key, raw, profile)) {
    case Added::kYes:
      return profile->InternLocations(locations_, process.key.pid);
    case Added::kProfileFull:
      return profile->FullStack();
    case Added::kUnknownName:
      break;
  }
  const RawKey key = KeyOf(process, raw);
  if (auto known = read_late_.find(key); known != read_late_.end()) return known->second;
  const Profile::StackId stack =
      profile->InternStack(symbolizer_->Symbolize(process, raw), process.key.pid);
  read_late_.emplace(key, stack);
  return stack;
}

}  // namespace profd
