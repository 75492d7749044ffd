// Records of the kernel's programs, checked: what is malformed never gets past here.
#ifndef PROFD_USERSPACE_COLLECTOR_RECORDS_H_
#define PROFD_USERSPACE_COLLECTOR_RECORDS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bpf/events.h"

namespace profd {

// Views into a record, valid while the ring's handler runs.
struct RawSample {
  const sample_record* header = nullptr;
  absl::Span<const py_frame_record> python;  // leaf first
  absl::Span<const uint64_t> kernel;         // leaf first
};

struct RawCode {
  const code_record* header = nullptr;
  absl::string_view payload;
};

// 0 when the record is too short to have a type.
uint32_t RecordType(absl::string_view record);
std::optional<RawSample> ParseSample(absl::string_view record);
std::optional<RawCode> ParseCode(absl::string_view record);
// A comm as the kernel sent it: not terminated when it fills its field.
absl::string_view CommView(const char (&comm)[PROFD_COMM_BYTES]);

// Of a stranger's, only the head.
std::optional<process_record> ParseProcess(absl::string_view record);

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_RECORDS_H_
