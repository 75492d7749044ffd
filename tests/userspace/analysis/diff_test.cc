#include "userspace/analysis/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/userspace/profile/stacks.h"
#include "userspace/analysis/pairing.h"

namespace profd {
namespace {

constexpr int64_t kPeriodNs = 10'000'000;

// A program of 60 functions, the first with 20% of the time, the others ever less.
std::vector<double> Weights() {
  std::vector<double> weights = {20};
  for (int i = 1; i < 60; ++i) weights.push_back(80.0 / 4.3 / i);
  return weights;
}

// `samples` of functions f0, f1, … by weight; as many lines of main above each.
Recording Draw(const std::vector<double>& weights, int samples, std::mt19937* random) {
  std::discrete_distribution<int> function(weights.begin(), weights.end());
  Recording recording;
  Profile& profile = recording.profile;
  const Frame main = PythonFrame("main", 1);
  std::vector<Profile::StackId> stacks;
  for (size_t i = 0; i < weights.size(); ++i) {
    stacks.push_back(profile.InternStack({PythonFrame(absl::StrCat("f", i), 1), main}));
  }
  std::vector<int> counts(weights.size(), 0);
  for (int i = 0; i < samples; ++i) ++counts[static_cast<size_t>(function(*random))];
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) profile.Add(stacks[i], Labels{}, counts[i], counts[i] * kPeriodNs);
  }
  profile.set_window({absl::UnixEpoch(), absl::Seconds(10), kPeriodNs});
  return recording;
}

// What changes from file to file by more than chance: each function's weight by a factor.
std::vector<double> Wandering(std::vector<double> weights, std::mt19937* random) {
  std::lognormal_distribution<double> factor(0, 0.25);
  for (double& weight : weights) weight *= factor(*random);
  return weights;
}

DiffSide Side(const std::vector<Recording>& files, const DiffOptions& options = {}) {
  DiffSide side(options);
  for (const Recording& file : files) side.Add(file, files.size() == 1);
  return side;
}

DiffSide One(const Recording& file, const DiffOptions& options = {}) {
  DiffSide side(options);
  side.Add(file, true);
  return side;
}

int Claims(const Diff& diff) {
  return static_cast<int>(std::count_if(diff.rows.begin(), diff.rows.end(),
                                        [](const DiffRow& row) { return row.is_beyond_noise; }));
}

const DiffRow& Row(const Diff& diff, const std::string& name) {
  const auto row = std::find_if(diff.rows.begin(), diff.rows.end(),
                                [&](const DiffRow& r) { return r.name == name; });
  EXPECT_NE(row, diff.rows.end()) << name;
  return *row;
}

struct Truth {
  int claims = 0;   // draws with any claim
  int found = 0;    // draws in which f0 is beyond noise
  int covered = 0;  // draws in which f0's interval holds the true change
};

Truth Repeat(int draws, int files, int samples, bool wander, double added, DiffMetric metric) {
  std::mt19937 random(20261121);
  const DiffOptions options{.metric = metric};
  const std::vector<double> before = Weights();
  std::vector<double> after = before;
  const double sum = std::accumulate(before.begin(), before.end(), 0.0);
  const double share = before[0] / sum;
  // f0 comes to have `added` more of all time.
  after[0] = (share + added) / (1 - share - added) * (sum - before[0]);
  Truth truth;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<Recording> a, b;
    for (int i = 0; i < files; ++i) {
      a.push_back(Draw(wander ? Wandering(before, &random) : before, samples / files, &random));
      b.push_back(Draw(wander ? Wandering(after, &random) : after, samples / files, &random));
    }
    const Diff diff = Compare(Side(a, options), Side(b, options));
    truth.claims += Claims(diff) > 0 ? 1 : 0;
    const DiffRow& row = Row(diff, "f0");
    truth.found += row.is_beyond_noise && row.share.change() > 0 ? 1 : 0;
    truth.covered += row.share.interval.low <= added && added <= row.share.interval.high ? 1 : 0;
  }
  return truth;
}

constexpr int kDraws = 300;

TEST(Diff, ClaimsNothingOfTwoRunsOfTheSameProgram) {
  for (const int files : {1, 2, 5, 12}) {
    const Truth truth = Repeat(kDraws, files, 6000, false, 0, DiffMetric::kShare);
    EXPECT_LE(truth.claims, kDraws / 100) << files;
    EXPECT_GE(truth.covered, kDraws * 92 / 100) << files;
  }
}

TEST(Diff, ClaimsNothingWhereFilesVaryByThemselves) {
  for (const int files : {5, 12}) {
    const Truth truth = Repeat(kDraws, files, 12000, true, 0, DiffMetric::kShare);
    EXPECT_LE(truth.claims, kDraws / 100) << files;
    EXPECT_GE(truth.covered, kDraws * 90 / 100) << files;
  }
}

TEST(Diff, ClaimsNothingOfCoresEither) {
  for (const int files : {1, 5}) {
    const Truth truth = Repeat(kDraws, files, 6000, false, 0, DiffMetric::kCores);
    EXPECT_LE(truth.claims, kDraws / 100) << files;
  }
}

TEST(Diff, FindsAFunctionThatTakesFivePercentMoreOfAllTime) {
  for (const int files : {1, 3, 10}) {
    const Truth truth = Repeat(100, files, 10'000, false, 0.05, DiffMetric::kShare);
    // Of three files the spread is hardly known, of one only by what the other names do.
    EXPECT_GE(truth.found, files == 1 ? 40 : files == 3 ? 95 : 99) << files;
    EXPECT_GE(truth.covered, 90) << files;
  }
}

TEST(Diff, FindsASmallFunctionThatIsNewAndOneThatIsGone) {
  std::mt19937 random(1);
  std::vector<double> weights(50, 1.0);
  const Recording before = Draw(weights, 5000, &random);
  Recording after = Draw(weights, 5000, &random);
  Profile& profile = after.profile;
  profile.Add(profile.InternStack({PythonFrame("fresh", 1)}), Labels{}, 60, 60 * kPeriodNs);
  const Diff diff = Compare(One(before), One(after));
  EXPECT_TRUE(Row(diff, "fresh").is_beyond_noise);
  EXPECT_TRUE(Row(diff, "fresh").is_new());
  const Diff back = Compare(One(after), One(before));
  EXPECT_TRUE(Row(back, "fresh").is_gone());
  EXPECT_TRUE(Row(back, "fresh").is_beyond_noise);
  EXPECT_LT(Row(back, "fresh").share.change(), 0);
}

TEST(Diff, CoresTellMoreLoadFromAnotherMix) {
  std::mt19937 random(2);
  const Recording before = Draw(Weights(), 5000, &random);
  const Recording after = Draw(Weights(), 10'000, &random);
  EXPECT_EQ(Claims(Compare(One(before), One(after))), 0);
  const DiffOptions cores{.metric = DiffMetric::kCores};
  const Diff diff = Compare(One(before, cores), One(after, cores));
  EXPECT_TRUE(diff.is_total_beyond_noise);
  EXPECT_NEAR(diff.total_cores.before, 5, 1e-9);
  EXPECT_NEAR(diff.total_cores.after, 10, 1e-9);
  // Of one name, several files tell.
  std::vector<Recording> a(4), b(4);
  for (Recording& recording : a) recording = Draw(Weights(), 5000, &random);
  for (Recording& recording : b) recording = Draw(Weights(), 10'000, &random);
  const Diff several = Compare(Side(a, cores), Side(b, cores));
  EXPECT_TRUE(Row(several, "f0").is_beyond_noise);
  EXPECT_GT(Row(several, "f0").cores.change(), 0);
}

// One function runs for some seconds, then the other: samples of one thread are not independent.
TEST(Diff, PhasesOfARecordingWithTimesAreNotTakenForAChange) {
  std::mt19937 random(3);
  int claims_with_times = 0, claims_without = 0;
  for (int draw = 0; draw < 50; ++draw) {
    const auto record = [&] {
      Recording recording;
      Profile& profile = recording.profile;
      const auto one = profile.InternStack({PythonFrame("one", 1)});
      const auto two = profile.InternStack({PythonFrame("two", 1)});
      bool is_one = random() % 2 == 0;
      std::exponential_distribution<double> phase(1 / 150.0);
      int left = 0;
      for (int i = 0; i < 3000; ++i) {
        if (left-- <= 0) {
          is_one = !is_one;
          left = static_cast<int>(phase(random));
        }
        const uint32_t sample = profile.Add(is_one ? one : two, Labels{}, 1, kPeriodNs);
        recording.events.push_back({i * kPeriodNs, sample, 1});
      }
      profile.set_window({absl::UnixEpoch(), absl::Seconds(30), kPeriodNs});
      return recording;
    };
    Recording a = record(), b = record();
    claims_with_times += Claims(Compare(One(a), One(b))) > 0 ? 1 : 0;
    a.events.clear();
    b.events.clear();
    claims_without += Claims(Compare(One(a), One(b))) > 0 ? 1 : 0;
  }
  EXPECT_LE(claims_with_times, 2);
  EXPECT_GE(claims_without, 10);  // what the documentation warns of
}

TEST(Diff, AnEmptySideClaimsNothing) {
  std::mt19937 random(4);
  const Diff diff = Compare(One(Recording()), One(Draw({1, 1}, 5, &random)));
  EXPECT_EQ(Claims(diff), 0);
  EXPECT_EQ(Claims(Compare(Side({}), Side({}))), 0);
}

Function Python(const char* name, const char* file, int line = 1) {
  return {.kind = FrameKind::kPython, .name = name, .file = file, .first_line = line};
}

TEST(Pairing, FilesKeepTheirNamesWhereverTheyAreInstalled) {
  const auto file = [](const char* path) { return StableFile(Python("f", path)); };
  EXPECT_EQ(file("/a/lib/python3.11/site-packages/requests/api.py"),
            file("/usr/lib/python3/dist-packages/requests/api.py"));
  EXPECT_EQ(file("/usr/lib/python3.11/json/decoder.py"),
            file("/opt/lib/python3.13/json/decoder.py"));
  EXPECT_EQ(file("/srv/releases/20261121/app/x.py"), file("/srv/releases/1f3c9a2/app/x.py"));
  EXPECT_EQ(file("<ipython-input-3-5a2b>"), file("<ipython-input-14-77fe>"));
  EXPECT_NE(file("/srv/app/views.py"), file("/srv/app/models.py"));
  EXPECT_NE(file("/srv/a/x.py"), file("/srv/app/x.py"));
}

TEST(Pairing, NativeNamesLoseWhatTheCompilerAndTheVersionAdd) {
  const auto native = [](const char* name, const char* file) {
    return Function{.kind = FrameKind::kNative, .name = name, .file = file};
  };
  EXPECT_EQ(StableName(native("dict_get.constprop.0", "")), "dict_get");
  EXPECT_EQ(StableName(native("parse.isra.0.cold", "")), "parse");
  EXPECT_EQ(StableName(Python("<function f at 0x7f12ab>", "")), "<function f at 0x*>");
  EXPECT_EQ(StableFile(native("f", "/usr/lib/libpython3.12.so.1.0")), "libpython.so");
  EXPECT_EQ(StableFile(native("f", "/x/_json.cpython-312-x86_64-linux-gnu.so")), "_json.so");
  EXPECT_EQ(StableFile(native("f", "/usr/bin/python3.11")), "python");
  EXPECT_EQ(StableFile(native("f", "/lib/libc.so.6")), "libc.so");
  EXPECT_EQ(StablePackage(native("f", "/lib/libc.so.6")), "libc.so");
  EXPECT_EQ(StablePackage(native("f", "/x/site-packages/numpy/_core.cpython-312.so")), "numpy");
}

TEST(Pairing, AFunctionThatMovedWithinItsFileIsTheSame) {
  std::vector<Recording> sides(2);
  for (int i = 0; i < 2; ++i) {
    Profile& profile = sides[i].profile;
    auto function = std::make_shared<const Function>(Python("f", "/srv/x.py", 10 + i));
    profile.Add(profile.InternStack({{function, 20 + i}}), Labels{}, 100, 100);
  }
  const Diff diff = Compare(One(sides[0]), One(sides[1]));
  ASSERT_EQ(diff.rows.size(), 1u);
  EXPECT_EQ(diff.rows[0].share.change(), 0);
}

TEST(Statistics, AgreeWithTables) {
  EXPECT_NEAR(TwoSidedQuantile(0.05, 1e9), 1.95996, 1e-4);
  EXPECT_NEAR(TwoSidedQuantile(0.05, 4), 2.77645, 1e-4);
  EXPECT_NEAR(TwoSidedQuantile(0.001, 10), 4.58689, 1e-4);
  EXPECT_NEAR(TwoSidedP(2.77645, 4), 0.05, 1e-5);
  EXPECT_NEAR(IncompleteBeta(2, 3, 0.5), 0.6875, 1e-12);
  EXPECT_NEAR(SplitP(0, 10, 0.5), 2.0 / 1024, 1e-12);
  EXPECT_NEAR(SplitP(8, 2, 0.5), 2 * 56.0 / 1024, 1e-12);
  EXPECT_NEAR(SplitP(5, 5, 0.5), 1, 1e-12);
  const Interval half = ShareInterval(50, 100);
  EXPECT_NEAR(half.low, 0.4038, 1e-4);
  EXPECT_NEAR(half.high, 0.5962, 1e-4);
  EXPECT_EQ(ShareInterval(0, 100).low, 0);
  EXPECT_NEAR(ShareInterval(0, 100).high, 0.0370, 1e-4);
}

}  // namespace
}  // namespace profd
