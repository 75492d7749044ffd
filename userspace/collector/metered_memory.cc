#include "userspace/collector/metered_memory.h"

#include "userspace/collector/clock.h"

namespace profd {

absl::Status MeteredMemory::Begin() {
  if (blocked_) return absl::DeadlineExceededError("an earlier read of this process blocked");
  begun_ = SteadyNow();
  const bool own_empty = own_.Empty(begun_);
  if (common_->Empty(begun_) || own_empty) {
    ++counts_->reads_over_budget;
    return absl::UnavailableError("reading process memory has taken too long");
  }
  return absl::OkStatus();
}

void MeteredMemory::End(const absl::Status& status) {
  const absl::Duration taken = SteadyNow() - begun_;
  own_.Spend(taken);
  common_->Spend(taken);
  if (!absl::IsDeadlineExceeded(status)) return;
  blocked_ = true;
  ++counts_->processes_blocked;
}

absl::Status MeteredMemory::Read(uint64_t address, absl::Span<std::byte> out) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  absl::Status status = memory_->Read(address, out);
  End(status);
  return status;
}

std::vector<absl::Status> MeteredMemory::ReadEach(absl::Span<const Piece> pieces) {
  if (pieces.empty()) return {};
  if (absl::Status status = Begin(); !status.ok()) {
    return std::vector<absl::Status>(pieces.size(), status);
  }
  std::vector<absl::Status> result = memory_->ReadEach(pieces);
  End(result.front());
  return result;
}

absl::Status MeteredMemory::Visit(const std::function<void(ProcessMemory&)>& work) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  absl::Status status = memory_->Visit(work);
  End(status);
  return status;
}

}  // namespace profd
