#include "userspace/agent/agent.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "userspace/agent/pipeline.h"
#include "userspace/agent/profile_writer.h"
#include "userspace/agent/status_report.h"
#include "userspace/agent/status_socket.h"

namespace profd {
namespace {

constexpr absl::Duration kLongestPoll = absl::Milliseconds(50);
constexpr absl::Duration kShortestPoll = absl::Milliseconds(4);
constexpr absl::Duration kStatusEvery = absl::Seconds(1);
constexpr size_t kRingBytesPerCpu = 1 << 20;
constexpr double kTypicalRecordBytes = 1500;

// So often that a quarter of the ring is used at most.
absl::Duration PollInterval(double rate_hz) {
  const absl::Duration quarter =
      absl::Seconds(kRingBytesPerCpu / 4 / (rate_hz * kTypicalRecordBytes));
  return std::clamp(quarter, kShortestPoll, kLongestPoll);
}

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// Sleeps; true when told to stop.
bool SleepOrStop(absl::Duration duration) {
  const sigset_t signals = StopSignals();
  const timespec timeout = absl::ToTimespec(std::max(duration, absl::ZeroDuration()));
  return sigtimedwait(&signals, nullptr, &timeout) > 0;
}

absl::StatusOr<Selection> MakeSelection(const Config& config) {
  if (!config.pids.empty()) return Selection::Pids(config.pids);
  if (!config.comm.empty()) return Selection::CommPattern(config.comm);
  return Selection::All();
}

class Agent {
 public:
  explicit Agent(const Config& config) : config_(config) {}

  absl::Status Start();
  void Run();

 private:
  void PublishStatus(absl::Time now);
  void CloseWindow(absl::Time now);

  const Config config_;
  std::unique_ptr<StatusSocket> socket_;
  std::unique_ptr<ProfileWriter> writer_;
  std::unique_ptr<BpfSession> session_;
  std::unique_ptr<Images> images_;
  std::unique_ptr<Processes> processes_;
  std::shared_ptr<RemoteReaderPool> readers_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<Pipeline> pipeline_;
  absl::Time started_;
};

absl::Status Agent::Start() {
  auto selection = MakeSelection(config_);
  if (!selection.ok()) return selection.status();

  BpfSession::Options options;
  options.period_ns = config_.period_ns();
  options.has_exclusions = !selection->is_all();
  options.ring_bytes_per_cpu = kRingBytesPerCpu;
  options.verbose = config_.log_level == "trace";
  auto session = BpfSession::Create(options);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  const std::string lacks = session_->features().Describe();
  if (!lacks.empty()) spdlog::warn("kernel=\"{}\"", lacks);

  Spool::Options spool_options;
  spool_options.directory = config_.output;
  spool_options.keep = config_.keep;
  spool_options.max_bytes = config_.max_size_bytes;
  auto spool = Spool::Open(spool_options);
  if (!spool.ok()) return spool.status();
  writer_ = std::make_unique<ProfileWriter>(*std::move(spool));

  if (!config_.socket.empty()) {
    auto socket = StatusSocket::Listen(config_.socket);
    if (!socket.ok()) return socket.status();
    socket_ = *std::move(socket);
  }

  readers_ = std::make_shared<RemoteReaderPool>();
  images_ = std::make_unique<Images>(session_.get());
  processes_ = std::make_unique<Processes>();
  discovery_ = std::make_unique<Discovery>(session_.get(), images_.get(), processes_.get(),
                                           *selection, readers_);
  pipeline_ = std::make_unique<Pipeline>(session_.get(), images_.get(), processes_.get(),
                                         discovery_.get(), readers_);
  if (absl::Status status = session_->AttachLifecycle(); !status.ok()) return status;
  if (absl::Status status = discovery_->Listen(); !status.ok()) return status;
  discovery_->ScanLikely();
  discovery_->Start();
  if (absl::Status status = session_->AttachSamplers(); !status.ok()) return status;
  started_ = absl::Now();
  pipeline_->Open(started_);
  PublishStatus(started_);
  spdlog::info("sampling rate={:g}Hz interval={} processes={} output={}", config_.rate_hz,
               absl::FormatDuration(config_.interval), processes_->size(), config_.output);
  return absl::OkStatus();
}

void Agent::PublishStatus(absl::Time now) {
  if (socket_ == nullptr) return;
  StatusInputs inputs;
  inputs.started = started_;
  inputs.now = now;
  inputs.config = &config_;
  inputs.totals = pipeline_->Totals();
  inputs.writer = writer_->stats();
  inputs.unsupported = images_->unsupported();
  inputs.interpreters = images_->size();
  inputs.processes = processes_->size();
  inputs.kernel_features = session_->features().Describe();
  socket_->Publish(StatusJson(inputs));
}

void Agent::CloseWindow(absl::Time now) { writer_->Write(pipeline_->Close(now)); }

void Agent::Run() {
  const absl::Duration poll = PollInterval(config_.rate_hz);
  const absl::Time end = started_ + config_.duration;
  absl::Time window_end = started_ + config_.interval;
  absl::Time next_status = started_ + kStatusEvery;
  bool stop = false;
  while (!stop) {
    const absl::Time next = std::min({absl::Now() + poll, window_end, end});
    stop = SleepOrStop(next - absl::Now());
    const absl::Time now = absl::Now();
    stop = stop || now >= end;
    if (stop) session_->DetachSamplers();
    pipeline_->Consume(now);
    if (now >= window_end || stop) {
      CloseWindow(now);
      window_end = std::max(window_end + config_.interval, now + config_.interval / 2);
      absl::Status status = session_->RefreshCpus();
      if (!status.ok() && !stop) spdlog::warn("error=\"{}\"", std::string(status.message()));
    }
    if (now >= next_status) {
      PublishStatus(now);
      next_status = now + kStatusEvery;
    }
  }
  discovery_->Stop();
  writer_->Flush();
  const Accounting totals = pipeline_->Totals();
  spdlog::info("stopped fired={} samples={} elsewhere={} lost={} files={}", totals.fired(),
               totals.consumer.profiled, totals.Elsewhere(), totals.TotalLost(),
               writer_->stats().written);
}

}  // namespace

absl::Status RunAgent(const Config& config) {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Agent agent(config);
  if (absl::Status status = agent.Start(); !status.ok()) return status;
  agent.Run();
  return absl::OkStatus();
}

}  // namespace profd
