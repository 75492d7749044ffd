#include "userspace/formats/format.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "userspace/formats/collapsed.h"
#include "userspace/formats/firefox.h"
#include "userspace/formats/html.h"
#include "userspace/formats/json.h"
#include "userspace/formats/otlp.h"
#include "userspace/formats/pstats.h"
#include "userspace/formats/speedscope.h"
#include "userspace/formats/svg.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/pprof.h"
#include "userspace/text/nearest.h"

namespace profd {
namespace {

constexpr FormatInfo kFormats[] = {
    {Format::kPprof, "pprof", ".pb.gz", /*times=*/false, /*binary=*/true},
    {Format::kOtlp, "otlp", ".otlp", /*times=*/true, /*binary=*/true},
    {Format::kCollapsed, "collapsed", ".collapsed", /*times=*/false, /*binary=*/false},
    {Format::kSpeedscope, "speedscope", ".speedscope.json", /*times=*/true, /*binary=*/false},
    {Format::kFirefox, "firefox", ".firefox.json", /*times=*/true, /*binary=*/false},
    {Format::kPstats, "pstats", ".pstats", /*times=*/false, /*binary=*/true},
    {Format::kJson, "json", ".json", /*times=*/true, /*binary=*/false},
    {Format::kSvg, "svg", ".svg", /*times=*/false, /*binary=*/false},
    {Format::kHtml, "html", ".html", /*times=*/true, /*binary=*/false},
};

struct Extension {
  absl::string_view text;
  Format format;
};
// The longer before its own end.
constexpr Extension kExtensions[] = {
    {".pb", Format::kPprof},
    {".pprof", Format::kPprof},
    {".otlp", Format::kOtlp},
    {".collapsed", Format::kCollapsed},
    {".folded", Format::kCollapsed},
    {".txt", Format::kCollapsed},
    {".speedscope.json", Format::kSpeedscope},
    {".speedscope", Format::kSpeedscope},
    {".firefox.json", Format::kFirefox},
    {".firefox", Format::kFirefox},
    {".pstats", Format::kPstats},
    {".prof", Format::kPstats},
    {".json", Format::kJson},
    {".svg", Format::kSvg},
    {".html", Format::kHtml},
    {".htm", Format::kHtml},
};

absl::StatusOr<std::string> Plain(const Recording& recording, Format format,
                                  const FormatOptions& options) {
  switch (format) {
    case Format::kPprof:
      return EncodePprof(recording.profile, {.compression_level = options.compression_level});
    case Format::kOtlp:
      return EncodeOtlp(recording, {.compression_level = options.compression_level});
    case Format::kCollapsed:
      return EncodeCollapsed(recording.profile, options);
    case Format::kSpeedscope:
      return EncodeSpeedscope(recording, options);
    case Format::kFirefox:
      return EncodeFirefox(recording, options);
    case Format::kPstats:
      return EncodePstats(recording.profile);
    case Format::kJson:
      return EncodeJson(recording);
    case Format::kSvg:
      return EncodeSvg(recording.profile, options);
    case Format::kHtml:
      return EncodeHtml(
          recording, nullptr,
          {.title = options.title, .command = options.command, .with_source = options.with_source});
  }
  return absl::InternalError("no such format");
}

}  // namespace

absl::Span<const FormatInfo> Formats() { return kFormats; }

std::string FormatNames() {
  return absl::StrJoin(Formats(), ", ", [](std::string* out, const FormatInfo& info) {
    absl::StrAppend(out, info.name);
  });
}

const FormatInfo& InfoOf(Format format) {
  return *std::find_if(std::begin(kFormats), std::end(kFormats),
                       [format](const FormatInfo& info) { return info.format == format; });
}

absl::StatusOr<Format> FormatByName(absl::string_view name) {
  if (name == "raw") return Format::kCollapsed;
  if (name == "flamegraph") return Format::kSvg;
  if (name == "chrometrace") {
    return absl::InvalidArgumentError(
        "no chrometrace; a timeline with a track for each thread: --format firefox");
  }
  std::vector<std::string> words;
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return info.format;
    words.emplace_back(info.name);
  }
  const std::string nearest = Nearest(name, words);
  return absl::InvalidArgumentError(
      nearest.empty() ? absl::StrCat("no format \"", name, "\": it is one of ", FormatNames())
                      : absl::StrCat("no format \"", name, "\", did you mean ", nearest,
                                     "? One of ", FormatNames()));
}

absl::StatusOr<Format> FormatByPath(absl::string_view path) {
  const absl::string_view plain = absl::StripSuffix(path, ".gz");
  for (const Extension& extension : kExtensions) {
    if (absl::EndsWith(plain, extension.text)) return extension.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the name \"", path, "\" does not tell a format: give one with --format (",
                   FormatNames(), ")"));
}

absl::StatusOr<std::string> Encode(const Recording& recording, Format format,
                                   const FormatOptions& options) {
  absl::StatusOr<std::string> file = Plain(recording, format, options);
  if (!file.ok() || !options.gzip || LooksLikeGzip(*file)) return file;
  return GzipCompress(*file, options.compression_level);
}

}  // namespace profd
