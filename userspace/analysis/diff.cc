#include "userspace/analysis/diff.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "userspace/analysis/noise.h"
#include "userspace/analysis/side_values.h"

namespace profd {
namespace {

// From so many samples on, for and against, the normal distribution serves.
constexpr int64_t kNormalSamples = 50;
// Fewer names that do not go together tell nothing of what names vary by.
constexpr double kFewestNames = 8;
constexpr size_t kMostFitted = 200;
// How many names with known mean the estimate of TrimmedVariance is worth.
constexpr double kTrimmedWorth = 0.6;
// Neighbouring files alike up to a correlation of 1/2 make means vary by three times what the
// files' spread says.
constexpr double kMostInflation = 4;

struct Name {
  const DiffSide::Sum* before = nullptr;
  const DiffSide::Sum* after = nullptr;
  uint32_t id_before = SideValues::kAbsent;
  uint32_t id_after = SideValues::kAbsent;
  // Callers and callees, that have most of their samples in common.
  std::vector<const Name*> family;
  bool is_distinct = true;  // of several that are always seen together, the first
};

struct Estimate {
  double variance = 0;  // of the difference
  double degrees = kInfinite;
};

// What the change of a name's value varies by.
class ChangeNoise {
 public:
  ChangeNoise(const SideValues& before, const SideValues& after, const std::vector<Name>& names)
      : before_(before), after_(after), degrees_(before.degrees() + after.degrees()) {
    for (const Name& name : names) {
      Fitted both{&name, before_.Of(*name.before), after_.Of(*name.after)};
      if (name.is_distinct && both.before.is_telling && both.after.is_telling) {
        fitted_.push_back(both);
      }
    }
    if (fitted_.size() > kMostFitted) {
      std::nth_element(fitted_.begin(), fitted_.begin() + kMostFitted, fitted_.end(),
                       [](const Fitted& a, const Fitted& b) { return a.samples() > b.samples(); });
      fitted_.resize(kMostFitted);
    }
    if (degrees_ >= 2) {
      FitWithinSides();
    } else {
      degrees_ = 0;
      trend_ = BetweenSides(fitted_);
    }
  }

  // Of a name, or of something that is none.
  Estimate Of(const SideValue& a, const SideValue& b, const Name* name) const {
    return degrees_ > 0 ? WithinSides(a, b) : BetweenSides(a, b, name);
  }

  // That nothing but counting varies.
  bool is_counts_alone() const { return degrees_ == 0 && trend_.degrees == kInfinite; }

 private:
  struct Fitted {
    const Name* name;
    SideValue before, after;
    int64_t samples() const { return before.samples + after.samples; }
    double change() const { return after.level - before.level; }
    // Of the change of the level.
    SpreadTerm Counts() const {
      const double a = before.slope * before.slope, b = after.slope * after.slope;
      return {.counts = before.term.counts / a + after.term.counts / b,
              .wander = before.term.wander / a + after.term.wander / b};
    }
  };

  Estimate BetweenSides(const SideValue& a, const SideValue& b, const Name* name) const {
    const double counts = a.term.counts + b.term.counts;
    NoiseTrend trend = trend_;
    const std::vector<Fitted>* learnt_from = &fitted_;
    std::vector<Fitted> others;
    if (name != nullptr && trend.degrees != kInfinite) {
      // What is asked about must not hide itself.
      const auto is_related = [&](const Fitted& f) {
        return f.name == name ||
               std::find(name->family.begin(), name->family.end(), f.name) != name->family.end();
      };
      std::remove_copy_if(fitted_.begin(), fitted_.end(), std::back_inserter(others), is_related);
      if (others.size() < fitted_.size()) {
        trend = BetweenSides(others);
        learnt_from = &others;
      }
    }
    // How names differ from each other tells nothing of the whole.
    if (name == nullptr || trend.degrees == kInfinite || counts <= 0) return {counts, kInfinite};
    const double expected = trend.Of(a.term) + trend.Of(b.term);
    const double beyond = 1 - counts / expected;
    const double names = static_cast<double>(learnt_from->size());
    // How many names tell as much of what this one varies by.
    const auto told = [&](const SpreadTerm& term) { return term.wander / trend.Of(term); };
    double as_telling = 0;
    for (const Fitted& f : *learnt_from) as_telling += told(f.Counts()) * told(f.Counts());
    const double own = (a.term.wander + b.term.wander) / expected;
    as_telling /= own * own;
    const double unsure = 1 / trend.degrees + (trend.is_least ? 0 : 1 / as_telling);
    return {expected, 1 / (beyond * beyond * unsure + 1 / (2 * names))};
  }

  Estimate WithinSides(const SideValue& a, const SideValue& b) const {
    const double counts = a.term.counts + b.term.counts;
    const double expected = trend_.Of(a.term) + trend_.Of(b.term);
    double sum = 0;
    for (const SpreadTerm& term : {a.term, b.term}) {
      if (term.degrees > 0) sum += term.degrees * term.spread / trend_.Of(term);
    }
    const double prior = trend_.degrees, all = prior + degrees_;
    const double variance = inflation_ * expected * (prior + sum) / all;
    const double weight = prior / all;
    const double beyond = 1 - 1 / inflation_;
    return {std::max(variance, counts), 1 / (1 / all + weight * weight / trend_degrees_ +
                                             beyond * beyond / (kTrimmedWorth * independent_))};
  }

  // What all names have in common (where one takes more, the others' shares shrink) is no noise.
  static double CommonChange(std::vector<Fitted> fitted) {
    std::sort(fitted.begin(), fitted.end(),
              [](const Fitted& a, const Fitted& b) { return a.change() < b.change(); });
    const auto weight = [](const Fitted& f) { return 1 / std::sqrt(f.Counts().counts); };
    double all = 0, below = 0;
    for (const Fitted& f : fitted) all += weight(f);
    for (const Fitted& f : fitted) {
      below += weight(f);
      if (below >= all / 2) return f.change();
    }
    return 0;
  }

  void FitWithinSides() {
    std::vector<NameSpread> spreads;
    for (const Fitted& f : fitted_) spreads.push_back({f.before.term, f.after.term});
    trend_ = fitted_.empty() ? NoiseTrend{.degrees = 2} : FitNoise(spreads);
    Correlate();
    trend_degrees_ = degrees_ * independent_;
    if (independent_ < kFewestNames) return;
    // Files of one side that are more like each other than like the other side's: seen where the
    // many names that did not change differ by more than the sides' spread tells.
    const double common = CommonChange(fitted_);
    std::vector<double> squares;
    for (const Fitted& f : fitted_) {
      const double from_common = f.change() - common;
      squares.push_back(from_common * from_common / trend_.Of(f.Counts()));
    }
    const double seen = TrimmedVariance(std::move(squares));
    const double chance = std::sqrt(2 / (kTrimmedWorth * independent_));  // its standard error
    if (seen > 1 + chance) inflation_ = std::max(inflation_, std::min(seen, kMostInflation));
  }

  void Correlate() {
    if ((before_.degrees() > 0 && before_.kept() == 0) ||
        (after_.degrees() > 0 && after_.kept() == 0)) {
      return;
    }
    Residuals residuals(fitted_.size());
    std::vector<uint32_t> ids;
    for (const Fitted& f : fitted_) ids.push_back(f.name->id_before);
    before_.AppendDeviations(ids, trend_, &residuals);
    for (size_t i = 0; i < fitted_.size(); ++i) ids[i] = fitted_[i].name->id_after;
    after_.AppendDeviations(ids, trend_, &residuals);
    Residuals units;
    for (std::vector<double>& r : residuals) {
      const double norm = std::sqrt(std::inner_product(r.begin(), r.end(), r.begin(), 0.0));
      if (norm <= 0) continue;
      for (double& x : r) x /= norm;
      units.push_back(std::move(r));
    }
    independent_ = IndependentNames(units, degrees_);
    const size_t a = before_.kept(), b = after_.kept();
    inflation_ = std::max(NeighbourInflation(units, 0, a, independent_),
                          NeighbourInflation(units, a, a + b, independent_));
  }

  // Infinite degrees: too few names to tell more than counts do.
  static NoiseTrend BetweenSides(const std::vector<Fitted>& fitted) {
    if (static_cast<double>(fitted.size()) < kFewestNames) return {};
    const double common = CommonChange(fitted);
    std::vector<SpreadTerm> changes;
    for (const Fitted& f : fitted) {
      SpreadTerm term = f.Counts();
      const double from_common = f.change() - common;
      term.spread = from_common * from_common;
      term.degrees = 1;
      changes.push_back(term);
    }
    return FitNoiseRobustly(changes);
  }

  const SideValues& before_;
  const SideValues& after_;
  std::vector<Fitted> fitted_;
  double degrees_;  // 0: too few observations to tell anything
  NoiseTrend trend_;
  double trend_degrees_ = kInfinite;
  double independent_ = 1;
  double inflation_ = 1;
};

Change ChangeBetween(const SideValue& a, const SideValue& b, const Estimate& estimate) {
  const double half = TwoSidedQuantile(0.05, estimate.degrees) * std::sqrt(estimate.variance);
  const double change = b.value - a.value;
  return {a.value, b.value, {change - half, change + half}};
}

// Of equal values on both sides. `part` is the chance that a sample of either side is of the
// first.
double PValue(const SideValue& a, const SideValue& b, const Estimate& estimate, double part,
              bool has_others, bool counts_alone) {
  const double from_spread =
      estimate.variance > 0
          ? TwoSidedP((b.value - a.value) / std::sqrt(estimate.variance), estimate.degrees)
          : 1;
  const bool is_normal = std::min(a.samples, b.samples) >= kNormalSamples && has_others;
  if (is_normal || part <= 0 || part >= 1) return from_spread;
  const double from_counts = SplitP(a.samples, b.samples, part);
  return counts_alone ? from_counts : std::max(from_spread, from_counts);
}

// Benjamini and Hochberg's procedure over the tests that could be rejected at all: those whose
// least possible p is low enough for as many (Tarone 1990, Gilbert 2005).
double Threshold(absl::Span<const std::pair<double, double>> p_and_least, double level) {
  std::vector<double> least, p;
  for (const auto& test : p_and_least) least.push_back(test.second);
  std::sort(least.begin(), least.end());
  size_t tests = 1;
  const auto possible = [&](size_t k) {
    return static_cast<size_t>(
        std::upper_bound(least.begin(), least.end(), level / static_cast<double>(k)) -
        least.begin());
  };
  while (possible(tests) > tests) ++tests;
  const double most = level / static_cast<double>(tests);
  for (const auto& [value, lowest] : p_and_least) {
    if (lowest <= most) p.push_back(value);
  }
  std::sort(p.begin(), p.end());
  for (size_t i = p.size(); i-- > 0;) {
    const double bound = level * static_cast<double>(i + 1) / static_cast<double>(tests);
    if (p[i] <= bound) return bound;
  }
  return 0;
}

std::map<std::string, Name> NamesOf(const DiffSide& before, const DiffSide& after,
                                    const DiffSide::Sum* none) {
  std::map<std::string, Name> names;
  for (const auto& [key, id] : before.names()) {
    Name& name = names[key];
    name.before = &before.sum(id);
    name.after = none;
    name.id_before = id;
  }
  for (const auto& [key, id] : after.names()) {
    Name& name = names[key];
    if (name.before == nullptr) name.before = none;
    name.after = &after.sum(id);
    name.id_after = id;
  }
  return names;
}

// By the main callers of either side, up to the root.
void FindFamilies(const DiffSide& side, uint32_t Name::*id, std::vector<Name>* names) {
  constexpr size_t kMostCallers = 64;
  const std::vector<uint32_t> callers = side.MainCallers();
  if (callers.empty()) return;
  std::vector<Name*> by_id(callers.size(), nullptr);
  for (Name& name : *names) {
    if (name.*id != DiffSide::kNoCaller) by_id[name.*id] = &name;
  }
  for (Name& name : *names) {
    uint32_t at = name.*id;
    for (size_t i = 0; i < kMostCallers && at != DiffSide::kNoCaller; ++i) {
      at = callers[at];
      if (at == DiffSide::kNoCaller || by_id[at] == nullptr) break;
      name.family.push_back(by_id[at]);
      by_id[at]->family.push_back(&name);
    }
  }
}

// Those that have samples, in the order of their keys.
std::vector<Name> NamesWithSamples(const DiffSide& before, const DiffSide& after,
                                   const DiffSide::Sum* none) {
  std::vector<Name> names;
  std::set<std::tuple<int64_t, int64_t, double, double, double, double>> seen;
  for (auto& [key, name] : NamesOf(before, after, none)) {
    const DiffSide::Sum &x = *name.before, &y = *name.after;
    if (x.samples == 0 && y.samples == 0) continue;
    name.is_distinct =
        seen.insert({x.samples, y.samples, x.squares, y.squares, x.by_weight, y.by_weight}).second;
    names.push_back(name);
  }
  if (before.observations() + after.observations() <= 3) {
    FindFamilies(before, &Name::id_before, &names);
    FindFamilies(after, &Name::id_after, &names);
  }
  return names;
}

double Ratio(double x, double y) { return x + y > 0 ? x / (x + y) : 0; }

struct Tested {
  Change change;
  double p = 1;  // of no change
};

// One metric of all names, on both sides.
class MetricChanges {
 public:
  MetricChanges(const DiffSide& before, const DiffSide& after, const std::vector<Name>& names,
                DiffMetric metric)
      : before_(before, metric),
        after_(after, metric),
        noise_(before_, after_, names),
        part_(metric == DiffMetric::kShare ? Ratio(static_cast<double>(before.samples()),
                                                   static_cast<double>(after.samples()))
                                           : Ratio(before.seconds(), after.seconds())) {}

  // The chance that a sample of either side is of the first, where nothing has changed.
  double part() const { return part_; }
  Tested Of(const Name& name, bool has_others) const {
    return Test(before_.Of(*name.before), after_.Of(*name.after), &name, has_others);
  }
  Tested OfTotal() const { return Test(before_.OfTotal(), after_.OfTotal(), nullptr, true); }

 private:
  Tested Test(const SideValue& a, const SideValue& b, const Name* name, bool has_others) const {
    const Estimate estimate = noise_.Of(a, b, name);
    return {ChangeBetween(a, b, estimate),
            PValue(a, b, estimate, part_, has_others, noise_.is_counts_alone())};
  }

  const SideValues before_;
  const SideValues after_;
  const ChangeNoise noise_;
  const double part_;
};

void MarkBeyondNoise(absl::Span<const std::pair<double, double>> p_and_least, size_t observations,
                     Diff* diff) {
  constexpr size_t kFew = 8;  // four a side
  const double level = observations > 2 && observations < kFew ? kFalseClaimOfFew : kFalseClaim;
  const double threshold = Threshold(p_and_least, level);
  for (DiffRow& row : diff->rows) {
    const Interval& interval = diff->ChangeOf(row).interval;
    row.is_beyond_noise =
        row.is_tested && row.p <= threshold && (interval.low > 0 || interval.high < 0);
  }
}

}  // namespace

Diff Compare(const DiffSide& before, const DiffSide& after) {
  Diff diff{.options = before.options()};
  const DiffSide::Sum none;
  const std::vector<Name> names = NamesWithSamples(before, after, &none);
  const MetricChanges shares(before, after, names, DiffMetric::kShare);
  const MetricChanges cores(before, after, names, DiffMetric::kCores);
  const bool by_share = diff.options.metric == DiffMetric::kShare;
  const double part = (by_share ? shares : cores).part();

  const Tested total = cores.OfTotal();
  diff.total_cores = total.change;
  diff.is_total_beyond_noise = total.p <= kFalseClaim;

  std::vector<std::pair<double, double>> p_and_least;
  for (const Name& name : names) {
    const DiffSide::Sum &x = *name.before, &y = *name.after;
    const DiffSide::Sum& shown = y.samples > 0 ? y : x;
    DiffRow row{.name = shown.name, .where = shown.where, .frame_class = shown.frame_class};
    row.samples_before = x.samples;
    row.samples_after = y.samples;
    const bool has_others = before.samples() - x.samples >= kNormalSamples &&
                            after.samples() - y.samples >= kNormalSamples;
    const Tested share = shares.Of(name, has_others);
    const Tested of_cores = cores.Of(name, true);
    row.share = share.change;
    row.cores = of_cores.change;
    row.p = (by_share ? share : of_cores).p;
    row.is_tested = x.samples + y.samples >= kEnoughSamples;
    if (row.is_tested) ++diff.tested;
    if (row.is_tested && name.is_distinct) {
      const int64_t n = x.samples + y.samples;
      p_and_least.emplace_back(row.p, std::min(SplitP(n, 0, part), SplitP(0, n, part)));
    }
    diff.rows.push_back(std::move(row));
  }
  MarkBeyondNoise(p_and_least, before.observations() + after.observations(), &diff);
  std::stable_sort(diff.rows.begin(), diff.rows.end(), [&](const DiffRow& x, const DiffRow& y) {
    return std::abs(diff.ChangeOf(x).change()) > std::abs(diff.ChangeOf(y).change());
  });
  return diff;
}

}  // namespace profd
