// Profiles drawn from programs whose truth is known.
#ifndef PROFD_TESTS_USERSPACE_ANALYSIS_DRAWN_PROFILES_H_
#define PROFD_TESTS_USERSPACE_ANALYSIS_DRAWN_PROFILES_H_

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/recording.h"

namespace profd {

inline constexpr int64_t kDrawnPeriodNs = 10'000'000;

// What a file varies by beyond the chance of sampling.
enum class Noise {
  kNone,
  kWandering,   // each function's weight by a quarter, in each file anew
  kUneven,      // some functions by a twentieth, some by a half
  kMix,         // two kinds of requests whose proportion varies: all functions of a kind together
  kNeighbours,  // as kWandering, but each file is like the one before it: correlation 1/2
  kBursts,      // samples come in bursts of ten
};
inline constexpr Noise kNoises[] = {Noise::kNone, Noise::kWandering,  Noise::kUneven,
                                    Noise::kMix,  Noise::kNeighbours, Noise::kBursts};

// A program of 60 functions below ten callers and main; f0 has 16% of the time.
inline std::vector<double> DrawnWeights() {
  std::vector<double> weights = {16};
  for (int i = 1; i < 60; ++i) weights.push_back(84.0 / 4.663 / i);  // the 59th harmonic number
  return weights;
}

class DrawnProgram {
 public:
  DrawnProgram(Noise noise, std::mt19937* random)
      : noise_(noise), random_(random), weights_(DrawnWeights()), state_(weights_.size()) {
    for (double& state : state_) state = normal_(*random_);
    for (size_t i = 0; i < weights_.size(); ++i) {
      sigmas_.push_back(noise == Noise::kUneven ? 0.15 * std::exp(0.6 * normal_(*random_)) : 0.25);
    }
  }

  // f0 takes so many times what it took.
  void Change(double factor) { weights_[0] *= factor; }

  Recording Draw(int samples) {
    std::vector<double> weights = weights_;
    const double mix = std::exp(0.3 * normal_(*random_));
    for (size_t i = 0; i < weights.size(); ++i) {
      const double fresh = normal_(*random_);
      state_[i] = noise_ == Noise::kNeighbours ? 0.5 * state_[i] + std::sqrt(0.75) * fresh : fresh;
      if (noise_ == Noise::kMix && i % 2 == 0) weights[i] *= mix;
      if (noise_ == Noise::kWandering || noise_ == Noise::kUneven || noise_ == Noise::kNeighbours) {
        weights[i] *= std::exp(sigmas_[i] * state_[i]);
      }
    }
    std::discrete_distribution<size_t> function(weights.begin(), weights.end());
    std::vector<int> counts(weights.size(), 0);
    const int burst = noise_ == Noise::kBursts ? 10 : 1;
    for (int i = 0; i < samples / burst; ++i) counts[function(*random_)] += burst;
    Recording recording;
    Profile& profile = recording.profile;
    const Frame main = PythonFrame("main", 1);
    for (size_t i = 0; i < counts.size(); ++i) {
      const Frame caller = PythonFrame(absl::StrCat("caller", i % 10), 1);
      const auto stack = profile.InternStack({PythonFrame(absl::StrCat("f", i), 1), caller, main});
      if (counts[i] > 0) profile.Add(stack, Labels{}, counts[i], counts[i] * kDrawnPeriodNs);
    }
    profile.set_window({absl::UnixEpoch(), absl::Seconds(10), kDrawnPeriodNs});
    return recording;
  }

 private:
  Noise noise_;
  std::mt19937* random_;
  std::normal_distribution<double> normal_;
  std::vector<double> weights_, state_, sigmas_;
};

}  // namespace profd

#endif  // PROFD_TESTS_USERSPACE_ANALYSIS_DRAWN_PROFILES_H_
