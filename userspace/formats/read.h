// Reading a file of any kind that a profile comes in.
#ifndef PROFD_USERSPACE_FORMATS_READ_H_
#define PROFD_USERSPACE_FORMATS_READ_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/recording.h"

namespace profd {

struct ReadOptions {
  size_t max_file_bytes = size_t{1} << 30;
  size_t max_uncompressed_bytes = size_t{1} << 30;
  Profile::Limits limits;
};

// A file's kind is told from its content: pprof, a recording with times (OTLP profiles) or
// collapsed stacks, each bare or gzip'd. "-" is standard input. Where the source has no times,
// `events` is empty. Errors name the file: NOT_FOUND and the like: it could not be read;
// INVALID_ARGUMENT: it is no profile; RESOURCE_EXHAUSTED: a limit was met.
absl::StatusOr<Recording> ReadRecording(const std::string& path, const ReadOptions& options = {});

// The same of bytes in memory; errors name no file.
absl::StatusOr<Recording> DecodeRecording(absl::string_view bytes, const ReadOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_READ_H_
