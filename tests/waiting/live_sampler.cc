#include "tests/waiting/live_sampler.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "absl/time/clock.h"

namespace profd::testing {

std::unique_ptr<PythonProgram> StartWaits(const Interpreter& interpreter,
                                          const std::vector<std::string>& arguments) {
  std::ifstream file(PROFD_SOURCE_DIR "/tests/waiting/waits.py");
  std::stringstream text;
  text << file.rdbuf();
  auto program = std::make_unique<PythonProgram>(interpreter, text.str(), arguments);
  if (program->ReadLine() != "READY") return nullptr;
  return program;
}

Interpreter AnyInterpreter() {
  const std::vector<Interpreter> preferred = InterpretersOfMinor(11);
  if (!preferred.empty()) return preferred.front();
  return Interpreters().empty() ? Interpreter() : Interpreters().front();
}

double ThreadTime::Share(const std::string& leaf) const {
  const auto found = by_leaf.find(leaf);
  return found == by_leaf.end() || wall == 0 ? 0 : found->second / wall;
}

absl::StatusOr<std::unique_ptr<LiveSampler>> LiveSampler::Start(pid_t pid,
                                                                Sampler::Options options) {
  options.selection = Selection::Pids({pid});
  if (options.period_ns == 0) options.period_ns = 10'000'000;
  auto sampler = Sampler::Create(options);
  if (!sampler.ok()) return sampler.status();
  auto live = std::make_unique<LiveSampler>();
  live->sampler_ = *std::move(sampler);
  if (absl::Status status = live->sampler_->Start(); !status.ok()) return status;
  return live;
}

FinishedWindow LiveSampler::Run(absl::Duration duration) {
  const absl::Duration end = SteadyNow() + duration;
  while (SteadyNow() < end) {
    absl::SleepFor(std::min(sampler_->TimeToConsume(SteadyNow()), end - SteadyNow()));
    sampler_->Consume(Moment::Now());
  }
  return sampler_->Close(Moment::Now());
}

std::map<std::string, ThreadTime> ByThread(const Profile& profile) {
  std::map<std::string, ThreadTime> threads;
  for (const Profile::Sample& sample : profile.samples()) {
    ThreadTime& thread = threads[profile.labels(sample.labels).thread];
    const double wall = static_cast<double>(sample.wall_ns) / 1e9;
    thread.cpu += static_cast<double>(sample.cpu_ns) / 1e9;
    thread.wall += wall;
    std::set<std::string> functions;
    std::string leaf;
    size_t depth = 0;
    for (uint32_t id : profile.stack(sample.stack)) {
      const Function& function = *profile.functions()[profile.locations()[id].function];
      if (leaf.empty()) leaf = function.name;
      if (function.kind != FrameKind::kPython) continue;
      ++depth;
      functions.insert(function.name);
    }
    thread.by_leaf[leaf] += wall;
    thread.deepest = std::max(thread.deepest, depth);
    for (const std::string& function : functions) thread.by_function[function] += wall;
  }
  return threads;
}

}  // namespace profd::testing
