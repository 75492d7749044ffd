#include "userspace/sampling/ring_pace.h"

#include <algorithm>
#include <bit>

#include "bpf/events.h"

namespace profd {
namespace {

constexpr absl::Duration kLongest = absl::Milliseconds(200);
constexpr absl::Duration kShortest = absl::Milliseconds(4);
constexpr double kLeastRingBytes = 1 << 20;
constexpr double kMostRingBytes = 8 << 20;
constexpr absl::Duration kRingHolds = absl::Milliseconds(60);
constexpr double kLargestRecordBytes = sizeof(sample_record) +
                                       PROFD_MAX_PY_FRAMES * sizeof(py_frame_record) +
                                       PROFD_MAX_KERNEL_FRAMES * sizeof(u64);
// Before the kernel's side holds names back (half) and before it says that the ring fills (a
// quarter): stacks may grow a little from one look to the next.
constexpr double kWantedFilling = 0.125;

// The deepest stacks of so long.
size_t BytesPerCpu(absl::Duration period) {
  const double records = absl::FDivDuration(kRingHolds, period);
  const double bytes = std::clamp(records * kLargestRecordBytes, kLeastRingBytes, kMostRingBytes);
  return std::bit_ceil(static_cast<size_t>(bytes));
}

absl::Duration TimeToFillHalf(absl::Duration period, size_t bytes) {
  const double records = static_cast<double>(bytes) / 2 / kLargestRecordBytes;
  return std::clamp(period * records, kShortest, kLongest);
}

}  // namespace

RingPace::RingPace(uint64_t period_ns)
    : bytes_per_cpu_(BytesPerCpu(absl::Nanoseconds(period_ns))),
      shortest_(TimeToFillHalf(absl::Nanoseconds(period_ns), bytes_per_cpu_)),
      interval_(shortest_) {}

void RingPace::Emptied(absl::Duration now, double filled) {
  filled_ += filled;
  const absl::Duration measured = now - measured_since_;
  if (measured < shortest_) return;  // too little to tell
  const double rings = filled_ / kWantedFilling;
  interval_ = rings > 0 ? std::clamp(measured / rings, shortest_, kLongest) : kLongest;
  measured_since_ = now;
  filled_ = 0;
}

}  // namespace profd
