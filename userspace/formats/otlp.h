// Recordings with times, as OTLP profiles (proto/opentelemetry/profiles.proto inside gzip): what
// `profctl` turns into any other format.
//
// One ResourceProfiles, one ScopeProfiles ("profd") and in it
//   samples/count   the events: timestamps, and values where some stand for several periods. What
//                   has no times is one value a sample, in a further profile of this type;
//   cpu/nanoseconds, wall/nanoseconds   sums a sample; left out where they are count × period.
//
// Attributes: process.pid, thread.id, process.executable.name (comm), thread.name,
// process.runtime.version (of the interpreter) and container.id of samples; profile.frame.type of
// locations ("cpython", "native", "kernel"; ours: "profd.marker", "profd.waiting");
// pprof.profile.comment, an array of strings, of the first profile.
//
// Timestamps are rounded down to a multiple of the largest power of two that is at most half of the
// period, and 4.2 ms: a thread's samples stay apart and in order; bytes of 0 take no room.
#ifndef PROFD_USERSPACE_FORMATS_OTLP_H_
#define PROFD_USERSPACE_FORMATS_OTLP_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/recording.h"

namespace profd {

struct OtlpOptions {
  int compression_level = 9;       // libdeflate's, 1–12
  size_t max_string_bytes = 8192;  // of one name; what is cut off is marked by "…"
};

// A whole gzip file; the same recording always makes the same bytes. RESOURCE_EXHAUSTED when the
// recording does not fit protobuf's 2 GiB.
absl::StatusOr<std::string> EncodeOtlp(const Recording& recording, const OtlpOptions& options = {});

// What times are rounded down to, for a period (0: not known); a power of two.
int64_t TimeResolutionNs(int64_t period_ns);

struct OtlpDecodeOptions {
  size_t max_uncompressed_bytes = size_t{1} << 30;
  size_t max_entries = 8 << 20;      // samples and entries of the tables together
  size_t max_entry_bytes = 1 << 20;  // of the tables; comments and samples may be larger
  size_t max_frames = 256 << 20;     // of all stacks together
  size_t max_events = Recording::kMaxEvents;
  Profile::Limits limits;
};

// Reads OTLP profiles of ours or of another writer, gzip'd or bare; all resources are added up.
// Other value types, attributes, addresses and links are dropped. The events are in the order of
// time. INVALID_ARGUMENT: no such file; RESOURCE_EXHAUSTED: a limit was met.
absl::StatusOr<Recording> DecodeOtlp(absl::string_view bytes,
                                     const OtlpDecodeOptions& options = {});

// Whether bare bytes are a message with the fields that ProfilesData has, and no others.
bool LooksLikeOtlp(absl::string_view bytes);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_OTLP_H_
