// What changed between two sets of profiles, and which of it is more than noise.
#ifndef PROFD_USERSPACE_ANALYSIS_DIFF_H_
#define PROFD_USERSPACE_ANALYSIS_DIFF_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
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

  static constexpr uint32_t kNoCaller = ~uint32_t{0};
  static constexpr size_t kMostWithCallers = 2;

  explicit DiffSide(const DiffOptions& options) : options_(options) {}

  // `split`: a recording with times that is the only one of its side counts as several stretches,
  // so that how its shares wander with time is seen.
  void Add(const Recording& recording, bool split);

  const DiffOptions& options() const { return options_; }
  // By what names are compared by; indices of sum().
  const absl::flat_hash_map<std::string, uint32_t>& names() const { return ids_; }
  // Of each name the caller of more than half of its samples, or kNoCaller; empty for sides of
  // more than kMostWithCallers observations.
  std::vector<uint32_t> MainCallers() const;
  const Sum& sum(uint32_t index) const { return sums_[index]; }
  size_t observations() const { return observations_; }
  size_t files() const { return files_; }
  const Window& window() const { return window_; }
  double weight() const { return weight_; }    // seconds, or samples
  double seconds() const { return seconds_; }  // of all windows
  int64_t samples() const { return samples_; }

 private:
  friend class SideValues;

  // Sparse; sides of more have degrees enough without.
  static constexpr size_t kMostKept = 40;
  struct Observation {
    double weight = 0, seconds = 0;
    std::vector<std::pair<uint32_t, double>> weights;  // by name
  };

  void Observe(const Profile& profile, absl::Span<const uint32_t> names,
               absl::Span<const int64_t> weights, absl::Span<const int64_t> counts, double seconds);
  std::vector<uint32_t> NamesOfLocations(const Profile& profile);

  DiffOptions options_;
  absl::flat_hash_map<std::string, uint32_t> ids_;
  std::vector<Sum> sums_;
  std::vector<Observation> kept_;                                      // the first kMostKept
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, int64_t> calls_;  // samples by callee, caller
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
  bool is_tested = false;        // samples enough to say something
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

// Beyond noise is decided by Benjamini and Hochberg's procedure over all rows with at least
// kEnoughSamples: of two runs of the same program the chance of any claim is meant to be
// kFalseClaim, and of claims as many are false on average; docs/reading.md has what was measured.
// With two or three files a side, where the noise itself is hardly known, kFalseClaimOfFew. Assumes
// observations (with one a side: samples) that are alike within a side no more than neighbours with
// a correlation of 1/2.
inline constexpr int64_t kEnoughSamples = 10;
inline constexpr double kFalseClaim = 0.005;
inline constexpr double kFalseClaimOfFew = 0.002;
Diff Compare(const DiffSide& before, const DiffSide& after);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_DIFF_H_
