// What changed between two sets of profiles, and which of it is more than noise.
#ifndef PROFD_USERSPACE_ANALYSIS_DIFF_H_
#define PROFD_USERSPACE_ANALYSIS_DIFF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/measure.h"
#include "userspace/analysis/statistics.h"
#include "userspace/analysis/table.h"
#include "userspace/profile/recording.h"

namespace profd {

enum class DiffMetric { kShare, kCores };

struct DiffOptions {
  TableKey key = TableKey::kFunction;  // or kFile, kPackage
  SortBy of = SortBy::kCumulative;
  Measure measure = Measure::kCpu;
  DiffMetric metric = DiffMetric::kShare;  // what must be beyond noise
};

// One side, an observation after the other: a file, or a stretch of a recording with times. Holds
// sums for each name, not the files.
class DiffSide {
 public:
  struct Sum {
    std::string name, where;
    FrameClass frame_class = FrameClass::kOwn;
    double weight = 0;
    int64_t samples = 0;
    // Over observations: of squares, and of products with their weight and seconds.
    double squares = 0, by_weight = 0, by_seconds = 0;
    double now = 0;  // in the observation under way
  };

  explicit DiffSide(const DiffOptions& options) : options_(options) {}

  // `split`: a recording with times that is the only one of its side counts as several stretches,
  // so that how its shares wander with time is seen.
  void Add(const Recording& recording, bool split);

  const DiffOptions& options() const { return options_; }
  // By what names are compared by; indices of sum().
  const absl::flat_hash_map<std::string, uint32_t>& names() const { return ids_; }
  const Sum& sum(uint32_t index) const { return sums_[index]; }
  size_t observations() const { return observations_; }
  size_t files() const { return files_; }
  const Window& window() const { return window_; }
  double weight() const { return weight_; }    // seconds, or samples
  double seconds() const { return seconds_; }  // of all windows
  int64_t samples() const { return samples_; }

 private:
  friend class SideEstimates;

  void Observe(const Profile& profile, absl::Span<const uint32_t> names,
               absl::Span<const int64_t> weights, absl::Span<const int64_t> counts, double seconds);
  std::vector<uint32_t> NamesOfLocations(const Profile& profile);

  DiffOptions options_;
  absl::flat_hash_map<std::string, uint32_t> ids_;
  std::vector<Sum> sums_;
  std::vector<uint64_t> seen_in_;  // number of the sample that last counted a name
  uint64_t sample_number_ = 0;
  size_t observations_ = 0;
  size_t files_ = 0;
  Window window_;
  double weight_ = 0, seconds_ = 0;
  double weight_squares_ = 0, second_squares_ = 0, total_by_seconds_ = 0;
  int64_t samples_ = 0;
};

struct Change {
  double before = 0;
  double after = 0;
  Interval interval;  // of after - before: 95%
  double change() const { return after - before; }
};

struct DiffRow {
  std::string name;
  std::string where;
  FrameClass frame_class = FrameClass::kOwn;
  Change share;
  Change cores;  // of one window on average; 0 where durations are not known
  int64_t samples_before = 0;
  int64_t samples_after = 0;
  double p = 1;                  // of the chosen metric, for this row alone
  bool is_beyond_noise = false;  // with all rows taken into account
  bool is_new() const { return samples_before == 0; }
  bool is_gone() const { return samples_after == 0; }
};

struct Diff {
  DiffOptions options;
  Change total_cores;
  bool is_total_beyond_noise = false;
  size_t tested = 0;  // rows with samples enough to say something
  // The largest change of the chosen metric first, up or down.
  std::vector<DiffRow> rows;
  const Change& ChangeOf(const DiffRow& row) const {
    return options.metric == DiffMetric::kShare ? row.share : row.cores;
  }
};

// Beyond noise is decided by Holm's procedure over all rows with at least kEnoughSamples, so that
// the chance of any claim about two runs of the same program is kFalseClaim at most. Assumes
// observations (with one a side: samples) that are independent of each other.
inline constexpr int64_t kEnoughSamples = 10;
inline constexpr double kFalseClaim = 0.005;
Diff Compare(const DiffSide& before, const DiffSide& after);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_DIFF_H_
