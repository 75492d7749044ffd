// The words in OTLP profiles, for the writer and the reader.
// https://opentelemetry.io/docs/specs/semconv/ (general/profiles, resource/process).
#ifndef PROFD_USERSPACE_FORMATS_OTLP_NAMES_H_
#define PROFD_USERSPACE_FORMATS_OTLP_NAMES_H_

#include "absl/strings/string_view.h"
#include "symbolizer/frame.h"

namespace profd::otlp {

inline constexpr char kPid[] = "process.pid";
inline constexpr char kTid[] = "thread.id";
inline constexpr char kComm[] = "process.executable.name";
inline constexpr char kThread[] = "thread.name";
inline constexpr char kPython[] = "process.runtime.version";
inline constexpr char kContainer[] = "container.id";
inline constexpr char kComments[] = "pprof.profile.comment";
inline constexpr char kFrameType[] = "profile.frame.type";

inline constexpr struct {
  FrameKind kind;
  absl::string_view name;
} kFrameTypes[] = {{FrameKind::kPython, "cpython"},
                   {FrameKind::kNative, "native"},
                   {FrameKind::kKernel, "kernel"},
                   {FrameKind::kMarker, "profd.marker"},
                   {FrameKind::kWaiting, "profd.waiting"}};

}  // namespace profd::otlp

#endif  // PROFD_USERSPACE_FORMATS_OTLP_NAMES_H_
