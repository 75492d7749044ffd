#include "userspace/analysis/filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "userspace/analysis/time_cut.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/label_names.h"

namespace profd {
namespace {

constexpr uint32_t kDropped = ~uint32_t{0};

absl::Status Named(absl::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

absl::StatusOr<std::shared_ptr<const RE2>> Compile(absl::string_view flag,
                                                   const std::string& pattern) {
  auto regex = std::make_shared<const RE2>(pattern, RE2::Quiet);
  if (regex->ok()) return regex;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": \"", pattern, "\" is no regular expression: ", regex->error()));
}

bool Search(const std::shared_ptr<const RE2>& regex, const std::string& text) {
  return RE2::PartialMatch(text, *regex);
}

bool IsVersion(absl::string_view version, absl::string_view wanted) {
  return absl::StartsWith(version, wanted) &&
         (version.size() == wanted.size() || !absl::ascii_isdigit(version[wanted.size()]));
}

// nullopt: there is no such label.
std::optional<std::string> LabelValue(const Labels& labels, absl::string_view name) {
  for (const NumberField& label : kNumberLabels) {
    if (label.name == name) return absl::StrCat(labels.*label.value);
  }
  for (const TextField& label : kTextLabels) {
    if (label.name == name) return labels.*label.value;
  }
  return std::nullopt;
}

}  // namespace

Extent ExtentOf(const Recording& recording) {
  const Window& window = recording.profile.window();
  Extent extent;
  extent.Include(window.start, window.start + window.duration);
  if (window.duration <= absl::ZeroDuration() && !recording.events.empty()) {
    extent = {absl::FromUnixNanos(recording.events.front().time_ns),
              absl::FromUnixNanos(recording.events.back().time_ns)};
  }
  return extent;
}

absl::StatusOr<Filter> Filter::Create(const FilterOptions& options, absl::TimeZone zone) {
  Filter filter;
  for (const auto& [flag, text, spec] : {std::tuple("--from", &options.from, &filter.from_),
                                         std::tuple("--to", &options.to, &filter.to_)}) {
    if (text->empty()) continue;
    auto parsed = TimeSpec::Parse(*text, zone);
    if (!parsed.ok()) return Named(flag, parsed.status());
    *spec = *parsed;
  }
  if (!filter.needs_extent()) filter.SetExtent({});
  filter.pids_ = options.pids;
  for (const auto& [flag, patterns, regexes] :
       {std::tuple("--comm", &options.comms, &filter.comms_),
        std::tuple("--thread", &options.threads, &filter.threads_)}) {
    for (const std::string& pattern : *patterns) {
      auto regex = Compile(flag, pattern);
      if (!regex.ok()) return regex.status();
      regexes->push_back(*std::move(regex));
    }
  }
  filter.containers_ = options.containers;
  filter.pythons_ = options.pythons;
  for (const std::string& label : options.labels) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(label, absl::MaxSplits('=', 1));
    if (!LabelValue(Labels(), pair.first).has_value() || !absl::StrContains(label, '=')) {
      return absl::InvalidArgumentError(
          absl::StrCat("--label: \"", label, "\" is no KEY=VALUE with a key of pid, tid, comm, ",
                       "thread, python, container"));
    }
    filter.labels_.push_back(pair);
  }
  for (const std::string& kind : options.hide_kinds) {
    const std::optional<FrameClass> hidden = FrameClassOf(kind);
    if (!hidden.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--hide-kind: \"", kind, "\" is none of ", FrameClassNames()));
    }
    filter.hidden_.set(static_cast<size_t>(*hidden));
  }
  for (const auto& [flag, pattern, regex] :
       {std::tuple("--focus", &options.focus, &filter.focus_),
        std::tuple("--ignore", &options.ignore, &filter.ignore_),
        std::tuple("--hide", &options.hide, &filter.hide_),
        std::tuple("--root", &options.root, &filter.root_)}) {
    if (pattern->empty()) continue;
    auto compiled = Compile(flag, *pattern);
    if (!compiled.ok()) return compiled.status();
    *regex = *std::move(compiled);
  }
  return filter;
}

bool Filter::HasLabels() const {
  return !(pids_.empty() && comms_.empty() && threads_.empty() && containers_.empty() &&
           pythons_.empty() && labels_.empty());
}

bool Filter::is_empty() const {
  return !has_range() && !HasLabels() && !focus_ && !ignore_ && !hide_ && !root_ && hidden_.none();
}

bool Filter::needs_extent() const {
  return (from_ && from_->needs_extent()) || (to_ && to_->needs_extent());
}

void Filter::SetExtent(const Extent& extent) {
  if (from_) begin_ = from_->Resolve(extent, TimeSpec::Side::kFrom);
  if (to_) end_ = to_->Resolve(extent, TimeSpec::Side::kTo);
}

bool Filter::Overlaps(const Recording& recording) const {
  const Extent extent = ExtentOf(recording);
  return extent.begin < end_ && (extent.end > begin_ || extent.begin >= begin_);
}

bool Filter::IsCutByRange(const Recording& recording) const {
  if (!has_range() || !recording.events.empty()) return false;
  const Extent extent = ExtentOf(recording);
  return Overlaps(recording) && (extent.begin < begin_ || extent.end > end_);
}

bool Filter::MatchesPid(int64_t pid) const {
  return pids_.empty() || std::find(pids_.begin(), pids_.end(), pid) != pids_.end();
}

bool Filter::MatchesComm(const std::string& comm) const {
  return comms_.empty() || std::any_of(comms_.begin(), comms_.end(),
                                       [&](const Regex& regex) { return Search(regex, comm); });
}

bool Filter::Matches(const Labels& labels) const {
  const auto any = [](const auto& wanted, const auto& holds) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), holds);
  };
  if (!MatchesPid(labels.pid) || !MatchesComm(labels.comm)) return false;
  if (!any(threads_, [&](const Regex& regex) { return Search(regex, labels.thread); }) ||
      !any(containers_, [&](const auto& id) { return absl::StartsWith(labels.container, id); }) ||
      !any(pythons_, [&](const auto& version) { return IsVersion(labels.python, version); })) {
    return false;
  }
  // Several values of one key are alternatives.
  return std::all_of(labels_.begin(), labels_.end(), [&](const auto& wanted) {
    const std::optional<std::string> value = LabelValue(labels, wanted.first);
    return std::any_of(labels_.begin(), labels_.end(), [&](const auto& other) {
      return other.first == wanted.first && other.second == value;
    });
  });
}

// Counts of the whole window say nothing about a part of it; a process's CPU time is its own.
bool Filter::KeepComment(const std::string& line, bool is_cut) const {
  const auto comment = ParseComment(line);
  if (!comment.ok()) return true;
  if (is_cut) return false;
  if (comment->name != kProcessCpuComment || !HasLabels()) return true;
  Labels labels;
  for (const auto& [key, value] : comment->labels) {
    if (key == kPidLabel && !absl::SimpleAtoi(value, &labels.pid)) return false;
    if (key == kCommLabel) labels.comm = value;
  }
  return Matches(labels);
}

// Which functions each flag holds for; empty where there is no such flag.
struct Filter::FrameSets {
  std::vector<bool> focus, ignore, hide, root;
};

Filter::FrameSets Filter::MatchFunctions(const Profile& profile) const {
  FrameSets sets;
  for (const auto& [regex, set] :
       {std::pair(&focus_, &sets.focus), std::pair(&ignore_, &sets.ignore),
        std::pair(&hide_, &sets.hide), std::pair(&root_, &sets.root)}) {
    if (*regex == nullptr) continue;
    for (const auto& function : profile.functions()) {
      set->push_back(Search(*regex, absl::StrCat(function->name, " ", function->file)));
    }
  }
  if (hidden_.any()) {
    sets.hide.resize(profile.functions().size());
    for (size_t i = 0; i < sets.hide.size(); ++i) {
      if (hidden_[static_cast<size_t>(Classify(*profile.functions()[i]))]) sets.hide[i] = true;
    }
  }
  return sets;
}

bool Filter::FilterStack(const Profile& profile, Profile::StackId id, const FrameSets& sets,
                         Stack* stack) const {
  const absl::Span<const uint32_t> locations = profile.stack(id);
  const auto function_of = [&](uint32_t location) {
    return profile.locations()[location].function;
  };
  const auto has_any = [&](const std::vector<bool>& set) {
    return std::any_of(locations.begin(), locations.end(),
                       [&](uint32_t location) { return set[function_of(location)]; });
  };
  if (focus_ && !has_any(sets.focus)) return false;
  if (ignore_ && has_any(sets.ignore)) return false;
  size_t depth = locations.size();
  if (root_) {
    while (depth > 0 && !sets.root[function_of(locations[depth - 1])]) --depth;
    if (depth == 0) return false;
  }
  stack->clear();
  for (const uint32_t location : locations.first(depth)) {
    const uint32_t function = function_of(location);
    if (!sets.hide.empty() && sets.hide[function]) continue;
    stack->push_back({profile.functions()[function], profile.locations()[location].line});
  }
  return true;
}

Window Filter::CutWindow(const Window& window, const Extent& extent) const {
  Window cut = window;
  cut.start = std::max(extent.begin, begin_);
  cut.duration = std::clamp(std::min(extent.end, end_) - cut.start, absl::ZeroDuration(),
                            std::max(window.duration, extent.end - extent.begin));
  return cut;
}

std::vector<uint32_t> Filter::AddSamples(const Profile& in, const TimeCut* cut,
                                         Profile* out) const {
  const FrameSets sets = MatchFunctions(in);
  std::vector<uint32_t> stacks(in.stack_count(), kDropped);  // of `out`
  std::vector<bool> is_known(in.stack_count(), false);
  std::vector<uint32_t> samples(in.samples().size(), kDropped);
  Stack stack;
  for (size_t i = 0; i < samples.size(); ++i) {
    const std::optional<Profile::Sample> sample = cut ? cut->Of(i) : in.samples()[i];
    if (!sample) continue;
    const Labels& labels = in.labels(sample->labels);
    if (!Matches(labels)) continue;
    const size_t id = static_cast<size_t>(sample->stack);
    if (!is_known[id]) {
      is_known[id] = true;
      if (FilterStack(in, sample->stack, sets, &stack)) {
        stacks[id] = static_cast<uint32_t>(out->InternStack(stack));
      }
    }
    if (stacks[id] == kDropped) continue;
    samples[i] = out->Add(static_cast<Profile::StackId>(stacks[id]), labels, sample->count,
                          sample->cpu_ns, sample->wall_ns);
  }
  return samples;
}

Recording Filter::Apply(const Recording& recording) const {
  const Profile& in = recording.profile;
  const Extent extent = ExtentOf(recording);
  const bool is_cut =
      has_range() && !recording.events.empty() && (extent.begin < begin_ || extent.end > end_);
  Recording out;
  Window window = is_cut ? CutWindow(in.window(), extent) : in.window();
  if (!Overlaps(recording)) window.duration = absl::ZeroDuration();
  out.profile.set_window(window);
  if (!Overlaps(recording)) return out;

  const TimeRange range = {absl::ToUnixNanos(begin_), absl::ToUnixNanos(end_)};
  std::optional<TimeCut> cut;
  if (is_cut) cut.emplace(recording, range);
  const std::vector<uint32_t> samples = AddSamples(in, cut ? &*cut : nullptr, &out.profile);
  for (const Recording::Event& event : recording.events) {
    if (samples[event.sample] == kDropped || !range.Has(event.time_ns)) continue;
    out.events.push_back({event.time_ns, samples[event.sample], event.ticks});
  }
  for (const std::string& line : in.CommentsWithCounts()) {
    if (KeepComment(line, is_cut)) out.profile.AddComment(line);
  }
  return out;
}

}  // namespace profd
