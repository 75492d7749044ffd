// Profile to pprof's file format and back (proto/profile.proto inside gzip).
#ifndef PROFD_USERSPACE_PROFILE_PPROF_H_
#define PROFD_USERSPACE_PROFILE_PPROF_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/profile.h"

namespace profd {

// How frames are told apart in a file: by the file name of their mapping. Native frames' mapping
// is their object file; Mapping 1 is always kPythonMapping.
inline constexpr char kPythonMapping[] = "python";
inline constexpr char kKernelMapping[] = "[kernel.kallsyms]";
inline constexpr char kMarkerMapping[] = "[profd]";
inline constexpr char kWaitingMapping[] = "[waiting]";
inline constexpr char kUnknownMapping[] = "[unknown]";

struct EncodeOptions {
  int compression_level = 4;       // libdeflate's, 1–12
  size_t max_string_bytes = 8192;  // of one name; what is cut off is marked by "…"
};

// A whole gzip file; the same profile always makes the same bytes. Sample values are
// samples/count and cpu/nanoseconds, where there is wall time also wall/nanoseconds. Bytes that are
// not UTF-8 become U+FFFD. Fails with RESOURCE_EXHAUSTED when the profile does not fit pprof's 2
// GiB.
absl::StatusOr<std::string> EncodePprof(const Profile& profile, const EncodeOptions& options = {});

struct DecodeOptions {
  size_t max_uncompressed_bytes = size_t{512} << 20;
  size_t max_entries = 8 << 20;  // samples, locations, functions, mappings and strings together
  size_t max_entry_bytes = 1 << 20;
  size_t max_frames = 256 << 20;  // of all samples together
  Profile::Limits limits;
};

// Reads a CPU profile, of ours or of another writer, gzip'd or bare. What Profile does not hold
// (addresses, columns, other sample types and labels) is dropped.
// INVALID_ARGUMENT: not such a profile; RESOURCE_EXHAUSTED: a limit was met.
absl::StatusOr<Profile> DecodePprof(absl::string_view bytes, const DecodeOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_PPROF_H_
