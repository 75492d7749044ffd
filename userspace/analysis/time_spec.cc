#include "userspace/analysis/time_spec.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace profd {
namespace {

bool ParseAs(std::initializer_list<const char*> formats, const std::string& text,
             absl::TimeZone zone, absl::Time* time) {
  return std::any_of(formats.begin(), formats.end(), [&](const char* format) {
    return absl::ParseTime(format, text, zone, time, nullptr);
  });
}

}  // namespace

void Extent::Include(absl::Time from, absl::Time to) {
  begin = std::min(begin, from);
  end = std::max(end, to);
}

absl::StatusOr<TimeSpec> TimeSpec::Parse(absl::string_view text, absl::TimeZone zone) {
  TimeSpec spec;
  spec.zone_ = zone;
  const std::string typed(text);
  const bool is_signed = absl::StartsWith(text, "-") || absl::StartsWith(text, "+");
  if (is_signed && absl::ParseDuration(typed, &spec.offset_)) {
    spec.kind_ = text[0] == '-' ? Kind::kBeforeEnd : Kind::kAfterBegin;
    return spec;
  }
  if (ParseAs({"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M%Ez", "%Y-%m-%d %H:%M:%E*S%Ez",
               "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d %H:%M",
               "%Y-%m-%d"},
              typed, zone, &spec.time_)) {
    return spec;
  }
  if (absl::Time time; ParseAs({"%H:%M:%E*S", "%H:%M"}, typed, absl::UTCTimeZone(), &time)) {
    spec.kind_ = Kind::kTimeOfDay;
    spec.offset_ = time - absl::UnixEpoch();
    return spec;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is no time: 14:05, 14:05:30, 2026-11-21T14:05:30Z, -5m (before the end) or ",
      "+30s (after the begin)"));
}

absl::Time TimeSpec::OnDay(absl::CivilDay day) const {
  return absl::FromCivil(absl::CivilSecond(day), zone_) + offset_;
}

absl::Time TimeSpec::Resolve(const Extent& extent, Side side) const {
  switch (kind_) {
    case Kind::kAbsolute:
      return time_;
    case Kind::kAfterBegin:
      return extent.begin + offset_;
    case Kind::kBeforeEnd:
      return extent.end + offset_;
    case Kind::kTimeOfDay:
      break;
  }
  if (extent.empty()) return absl::InfiniteFuture();
  // Data over midnight: the last instance inside it; else the day on which it began or ended.
  const absl::CivilDay first = absl::ToCivilDay(extent.begin, zone_);
  const absl::CivilDay last = absl::ToCivilDay(extent.end, zone_);
  for (const absl::CivilDay day : {last, last - 1}) {
    const absl::Time time = OnDay(day);
    if (time >= extent.begin && time <= extent.end) return time;
  }
  return OnDay(side == Side::kFrom ? first : last);
}

}  // namespace profd
