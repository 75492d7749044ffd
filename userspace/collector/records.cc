#include "userspace/collector/records.h"

#include <cstring>

namespace profd {

uint32_t RecordType(absl::string_view record) {
  uint32_t type = 0;
  if (record.size() >= sizeof(type)) std::memcpy(&type, record.data(), sizeof(type));
  return type;
}

std::optional<RawSample> ParseSample(absl::string_view record) {
  if (record.size() < sizeof(sample_record)) return std::nullopt;
  RawSample sample;
  sample.header = reinterpret_cast<const sample_record*>(record.data());
  const size_t python = sample.header->py_frames * sizeof(py_frame_record);
  const size_t kernel = sample.header->kernel_frames * sizeof(uint64_t);
  if (record.size() < sizeof(sample_record) + python + kernel) return std::nullopt;
  const char* frames = record.data() + sizeof(sample_record);
  sample.python = {reinterpret_cast<const py_frame_record*>(frames), sample.header->py_frames};
  sample.kernel = {reinterpret_cast<const uint64_t*>(frames + python),
                   sample.header->kernel_frames};
  return sample;
}

std::optional<RawCode> ParseCode(absl::string_view record) {
  if (record.size() < sizeof(code_record)) return std::nullopt;
  return RawCode{reinterpret_cast<const code_record*>(record.data()),
                 record.substr(sizeof(code_record))};
}

absl::string_view CommView(const char (&comm)[PROFD_COMM_BYTES]) {
  return absl::string_view(comm, strnlen(comm, sizeof(comm)));
}

std::optional<process_record> ParseProcess(absl::string_view record) {
  process_record process = {};
  const size_t bytes = RecordType(record) == RECORD_PROCESS_UNKNOWN ? sizeof(stranger_record)
                                                                    : sizeof(process_record);
  if (record.size() < bytes) return std::nullopt;
  std::memcpy(&process, record.data(), bytes);
  return process;
}

}  // namespace profd
