// The lines that travel as comments of a profile: facts of the window that are not samples.
//
//   line   = name [ "{" label *( "," label ) "}" ] " " value
//   label  = key "=" DQUOTE text DQUOTE        ; \\, \" and \n as in Prometheus,
//                                               ; other control characters as \xNN, byte by byte
//
// `name` begins with "profd."; `value` is a decimal number. Known names:
//   profd.events_fired 990                                     = samples + elsewhere + lost
//   profd.samples 400
//   profd.elsewhere 578                                        idle, or not of interest
//   profd.lost{reason="ring_full"} 12                          samples lost, by reason
//   profd.imperfect{reason="stack_truncated"} 3                in samples that were kept
//   profd.waiting_samples 3                                    of threads that wait
//   profd.process_cpu_seconds{pid="12",comm="x"} 1.234567      exact CPU time in the window
//   profd.collapsed_samples 3                                  put under [profile full]
//   profd.cut_stacks 3                                         outermost frames cut off
//   profd.times_dropped 3                                      samples whose time had no room
//   profd.comments_dropped 3                                   no room for further lines
//   profd.assumed_period_ns 10000000                           a source with counts, no rate
//
// All but the last are sums over the window: merging profiles adds lines of equal name and labels.
#ifndef PROFD_USERSPACE_PROFILE_COMMENTS_H_
#define PROFD_USERSPACE_PROFILE_COMMENTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace profd {

inline constexpr char kLostComment[] = "profd.lost";
inline constexpr char kProcessCpuComment[] = "profd.process_cpu_seconds";
inline constexpr char kCollapsedSamplesComment[] = "profd.collapsed_samples";
inline constexpr char kCutStacksComment[] = "profd.cut_stacks";
inline constexpr char kCommentsDroppedComment[] = "profd.comments_dropped";
inline constexpr char kAssumedPeriodComment[] = "profd.assumed_period_ns";

struct Comment {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string value;
};

std::string FormatComment(const Comment& comment);

// INVALID_ARGUMENT for a line of another format, such as another tool's.
absl::StatusOr<Comment> ParseComment(absl::string_view line);

std::string LostComment(absl::string_view reason, int64_t samples);
// Microseconds are kept. `comm` may hold any bytes.
std::string ProcessCpuComment(int64_t pid, absl::string_view comm, absl::Duration cpu);

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_COMMENTS_H_
