// What one window costs: adding, encoding, decoding; and how many bytes a stack takes.
#include <benchmark/benchmark.h>

#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

Labels LabelsOf(size_t i) {
  const int64_t pid = 4000 + static_cast<int64_t>(i % 16);
  return {pid,        pid + static_cast<int64_t>(i % 64),
          "gunicorn", absl::StrCat("worker-", i % 4),
          "3.11.7",   "4f5bb0d4c7c1e0a9"};
}

Profile Window(const std::vector<Stack>& stacks) {
  Profile profile;
  profile.set_window({absl::FromUnixSeconds(1'800'000'000), absl::Seconds(60), 10'101'010});
  for (size_t i = 0; i < stacks.size(); ++i) {
    const auto count = static_cast<int64_t>(1 + i % 7);
    profile.Add(profile.InternStack(stacks[i]), LabelsOf(i), count, count * 10'101'010);
  }
  return profile;
}

void BM_AddKnownIds(benchmark::State& state) {
  const std::vector<Stack> stacks = ServiceStacks(10'000);
  Profile profile = Window(stacks);
  size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Profile::Sample& sample = profile.samples()[i++ % stacks.size()];
    profile.Add(sample.stack, sample.labels, 1, 10'101'010);
  }
}
BENCHMARK(BM_AddKnownIds);

void BM_AddKnownStackAndLabels(benchmark::State& state) {
  const std::vector<Stack> stacks = ServiceStacks(10'000);
  Profile profile = Window(stacks);
  std::vector<Labels> labels;
  for (size_t i = 0; i < stacks.size(); ++i) labels.push_back(LabelsOf(i));
  size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    const size_t at = i++ % stacks.size();
    profile.Add(profile.InternStack(stacks[at]), labels[at], 1, 10'101'010);
  }
}
BENCHMARK(BM_AddKnownStackAndLabels);

void BM_AddNewStacks(benchmark::State& state) {
  const std::vector<Stack> stacks = ServiceStacks(10'000);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Window(stacks));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(stacks.size()));
}
BENCHMARK(BM_AddNewStacks)->Unit(benchmark::kMillisecond);

void BM_Encode(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Profile profile = Window(ServiceStacks(count));
  const EncodeOptions options{.compression_level = static_cast<int>(state.range(1))};
  size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) bytes = EncodePprof(profile, options)->size();
  state.counters["file_bytes"] = static_cast<double>(bytes);
  state.counters["bytes_per_stack"] = static_cast<double>(bytes) / static_cast<double>(count);
}
BENCHMARK(BM_Encode)
    ->ArgNames({"stacks", "level"})
    ->ArgsProduct({{1'000, 10'000, 100'000}, {1, 4, 6, 9}})
    ->Unit(benchmark::kMillisecond);

void BM_Decode(benchmark::State& state) {
  const std::string bytes = *EncodePprof(Window(ServiceStacks(10'000)));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(DecodePprof(bytes));
}
BENCHMARK(BM_Decode)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace profd

BENCHMARK_MAIN();
