// What of a profile counts: a range of time, labels, and which frames and stacks. Acts before
// everything else, wherever profiles are read.
#ifndef PROFD_USERSPACE_ANALYSIS_FILTER_H_
#define PROFD_USERSPACE_ANALYSIS_FILTER_H_

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/time_spec.h"
#include "userspace/profile/recording.h"

namespace re2 {
class RE2;
}

namespace profd {

class TimeCut;

// As typed. Values of one kind are alternatives; kinds must all hold. Regular expressions are RE2's
// (linear in the text: names come from strangers) and are searched for in "function file".
struct FilterOptions {
  std::string from;
  std::string to;
  std::vector<int64_t> pids;
  std::vector<std::string> comms;       // regular expressions
  std::vector<std::string> threads;     // regular expressions, of the thread's name
  std::vector<std::string> containers;  // IDs or their beginnings
  std::vector<std::string> pythons;     // versions: "3.12" holds for 3.12.1, not for 3.1
  std::vector<std::string> labels;      // "key=value", exactly
  std::string focus;                    // keeps stacks with such a frame
  std::string ignore;                   // drops stacks with such a frame
  std::string hide;                     // drops such frames; their weight stays with the caller
  std::vector<std::string> hide_kinds;  // the same for all frames of a kind: FrameClassName()
  std::string root;                     // begins stacks at the outermost such frame, drops others
};

class Filter {
 public:
  // INVALID_ARGUMENT begins with the flag whose value is wrong.
  static absl::StatusOr<Filter> Create(const FilterOptions& options,
                                       absl::TimeZone zone = absl::LocalTimeZone());

  // True when Apply changes nothing.
  bool is_empty() const;
  bool has_range() const { return from_.has_value() || to_.has_value(); }
  // The range depends on what all data together span: call SetExtent before Apply.
  bool needs_extent() const;
  void SetExtent(const Extent& extent);
  absl::Time begin() const { return begin_; }
  absl::Time end() const { return end_; }

  // Whether the window has a part inside the range; one without length: its begin.
  bool Overlaps(const Recording& recording) const;

  // Events outside the range are dropped, and their share of the weights with them. Without events
  // a window that overlaps the range counts whole (see IsCutByRange). Comments that no longer hold
  // are dropped.
  Recording Apply(const Recording& recording) const;

  // The window lies partly outside the range, yet counts whole since it has no events.
  bool IsCutByRange(const Recording& recording) const;

 private:
  using Regex = std::shared_ptr<const re2::RE2>;

  bool HasLabels() const;
  bool Matches(const Labels& labels) const;
  bool MatchesPid(int64_t pid) const;
  bool MatchesComm(const std::string& comm) const;
  bool KeepComment(const std::string& line, bool is_cut) const;

  struct FrameSets;
  FrameSets MatchFunctions(const Profile& profile) const;
  // False: the stack is dropped.
  bool FilterStack(const Profile& profile, Profile::StackId id, const FrameSets& sets,
                   Stack* stack) const;

  Window CutWindow(const Window& window, const Extent& extent) const;
  // Returns for each sample of `in` where it is in `out`. `cut`: null where all of it counts.
  std::vector<uint32_t> AddSamples(const Profile& in, const TimeCut* cut, Profile* out) const;

  std::optional<TimeSpec> from_, to_;
  absl::Time begin_ = absl::InfinitePast();
  absl::Time end_ = absl::InfiniteFuture();
  std::vector<int64_t> pids_;
  std::vector<Regex> comms_, threads_;
  std::vector<std::string> containers_, pythons_;
  std::vector<std::pair<std::string, std::string>> labels_;
  Regex focus_, ignore_, hide_, root_;
  std::bitset<kFrameClasses> hidden_;
};

// begin and end of a recording: of its window, or of its events where it has no duration.
Extent ExtentOf(const Recording& recording);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_FILTER_H_
