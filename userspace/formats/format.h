// The formats that a recording can be written in.
#ifndef PROFD_USERSPACE_FORMATS_FORMAT_H_
#define PROFD_USERSPACE_FORMATS_FORMAT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "userspace/profile/recording.h"

namespace profd {

enum class Format { kPprof, kOtlp, kCollapsed, kSpeedscope, kFirefox, kPstats, kJson, kSvg, kHtml };

struct FormatInfo {
  Format format;
  absl::string_view name;       // as for --format
  absl::string_view extension;  // of a file with a name made for it
  bool times;                   // carries when each sample fell
  bool binary;                  // not for a terminal
};

// All of them, in the order in which help lists them.
absl::Span<const FormatInfo> Formats();
std::string FormatNames();  // of them, "pprof, otlp, …"
const FormatInfo& InfoOf(Format format);

// py-spy's names are known too: raw, flamegraph and what stands for chrometrace. INVALID_ARGUMENT
// names the choices, and the nearest one.
absl::StatusOr<Format> FormatByName(absl::string_view name);
// By the extension; ".gz" behind any of them is allowed (see FormatOptions::gzip).
absl::StatusOr<Format> FormatByPath(absl::string_view path);

// Where formats show a line with a frame.
enum class FrameLines {
  kExecuted,  // the line that ran: a function called from two of its lines is two frames
  kFirst,     // the function's first line
  kNone,
};

struct FormatOptions {
  bool process_roots = false;  // an outermost frame for each process (collapsed, svg)
  bool thread_roots = false;   // the same for each thread
  // Absent: as executed, but pictures have one frame for a function, since lines split its total.
  std::optional<FrameLines> lines;
  std::string title;          // what the reader shall see as the recording's name
  bool gzip = false;          // gzip text formats too; pprof and OTLP always are
  std::string command;        // html: the command of ours that made the recording
  bool with_source = false;   // html: source text too, see html.h
  int compression_level = 9;  // libdeflate's, 1–12
};

// The whole file. What a format cannot carry is left out of it: times, where it has none. Names
// may hold any bytes; each format escapes or replaces what it must. INVALID_ARGUMENT: the format
// cannot show this recording at all, with the reason; RESOURCE_EXHAUSTED: too large for it.
absl::StatusOr<std::string> Encode(const Recording& recording, Format format,
                                   const FormatOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_FORMAT_H_
