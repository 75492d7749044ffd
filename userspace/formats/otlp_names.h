// The words in OTLP profiles, for the writer and the reader.
// https://opentelemetry.io/docs/specs/semconv/ (general/profiles, resource/process).
#ifndef PROFD_USERSPACE_FORMATS_OTLP_NAMES_H_
#define PROFD_USERSPACE_FORMATS_OTLP_NAMES_H_

#include "absl/strings/string_view.h"
#include "symbolizer/frame.h"
#include "userspace/profile/label_names.h"

namespace profd::otlp {

inline constexpr NumberField kNumberLabels[] = {{"process.pid", &Labels::pid},
                                                {"thread.id", &Labels::tid}};
inline constexpr TextField kTextLabels[] = {{"process.executable.name", &Labels::comm},
                                            {"thread.name", &Labels::thread},
                                            {"process.runtime.version", &Labels::python},
                                            {"container.id", &Labels::container}};
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
