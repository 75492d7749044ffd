#include "userspace/agent/agent.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "symbolizer/process/process.h"
#include "userspace/agent/profile_writer.h"
#include "userspace/agent/status_report.h"
#include "userspace/agent/status_socket.h"
#include "userspace/collector/clock.h"
#include "userspace/collector/selection.h"
#include "userspace/sampling/sampler.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/text/log_value.h"
#include "userspace/text/quantities.h"

namespace profd {
namespace {

absl::StatusOr<Selection> MakeSelection(const Config& config) {
  if (!config.pids.empty()) {
    if (std::none_of(config.pids.begin(), config.pids.end(), Exists)) {
      return absl::NotFoundError("no process has an ID that --pid names");
    }
    return Selection::Pids(config.pids);
  }
  if (!config.comm.empty()) return Selection::CommPattern(config.comm);
  return Selection::All();
}

// Of all Python processes of a host, and below 256 MiB with a hostile one among them: a window that
// is filled, one that is encoded, the encoder's copies, and the names kept. A function takes about
// 200 bytes of a window, a code object 500 of the cache.
void BoundMemory(Sampler::Options* options) {
  Profile::Limits& window = options->profile;
  window.fair = true;
  window.samples = 1 << 18;
  window.frames = 4 << 20;
  window.locations = 1 << 18;
  window.function_bytes = 32 << 20;
  window.label_bytes = 16 << 20;
  window.comment_bytes = 8 << 20;
  options->codes.bytes_per_process = 16 << 20;
  options->codes.bytes = 64 << 20;
}

class Agent {
 public:
  explicit Agent(const Config& config) : config_(config) {}

  absl::Status Start();
  void Run();

 private:
  void PublishStatus(absl::Duration now);
  // Also ends when somebody asks for the status.
  void Sleep(absl::Duration duration) const;

  const Config config_;
  StopSignals signals_{/*quit=*/false};
  std::unique_ptr<StatusSocket> socket_;
  std::unique_ptr<ProfileWriter> writer_;
  std::unique_ptr<Sampler> sampler_;
};

absl::Status Agent::Start() {
  if (!signals_.status().ok()) return signals_.status();
  auto selection = MakeSelection(config_);
  if (!selection.ok()) return selection.status();

  Sampler::Options options;
  options.selection = *std::move(selection);
  options.period_ns = PeriodNs(config_.rate_hz);
  options.verbose = config_.log_level == "trace";
  BoundMemory(&options);
  auto sampler = Sampler::Create(options);
  if (!sampler.ok()) return sampler.status();
  sampler_ = *std::move(sampler);
  const std::string lacks = sampler_->KernelLacks();
  if (!lacks.empty()) spdlog::warn("kernel_lacks={}", LogValue(lacks));

  Spool::Options spool_options;
  spool_options.directory = config_.output;
  spool_options.host = config_.host;
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

  if (absl::Status status = sampler_->Start(); !status.ok()) return status;
  PublishStatus(sampler_->started());
  spdlog::info("event=sampling rate={:g}Hz interval={} processes={} output={}", config_.rate_hz,
               absl::FormatDuration(config_.interval), sampler_->processes(),
               LogValue(config_.output));
  sd_notify(0, "READY=1");
  return absl::OkStatus();
}

void Agent::PublishStatus(absl::Duration now) {
  if (socket_ == nullptr) return;
  StatusInputs inputs;
  inputs.as_of = absl::Now();
  inputs.uptime = now - sampler_->started();
  inputs.config = &config_;
  inputs.totals = sampler_->Totals();
  inputs.writer = writer_->stats();
  inputs.unsupported = sampler_->unsupported();
  inputs.interpreters = sampler_->interpreters();
  inputs.processes = sampler_->processes();
  inputs.kernel_features = sampler_->KernelLacks();
  socket_->Publish(StatusJson(inputs));
}

void Agent::Sleep(absl::Duration duration) const {
  pollfd polled[] = {{signals_.descriptor(), POLLIN, 0},
                     {sampler_->descriptor(), POLLIN, 0},
                     {socket_ == nullptr ? -1 : socket_->asked(), POLLIN, 0}};
  const timespec timeout = absl::ToTimespec(std::max(duration, absl::ZeroDuration()));
  ppoll(polled, std::size(polled), &timeout, nullptr);
}

void Agent::Run() {
  const absl::Duration end = sampler_->started() + config_.duration;
  absl::Duration window_end = sampler_->started() + config_.interval;
  bool stop = false;
  while (!stop) {
    const absl::Duration before = SteadyNow();
    Sleep(std::min({before + sampler_->TimeToConsume(before), window_end, end}) - before);
    stop = signals_.Take().has_value();
    const Moment moment = Moment::Now();
    const absl::Duration now = moment.steady;
    stop = stop || now >= end;
    if (stop) sampler_->Detach();
    sampler_->Consume(moment);
    if (now >= window_end || stop) {
      writer_->Write(sampler_->Close(moment));
      window_end = std::max(window_end + config_.interval, now + config_.interval / 2);
    }
    if (socket_ != nullptr && socket_->Asked()) PublishStatus(now);
  }
  sd_notify(0, "STOPPING=1");
  // The first interrupt ends sampling; the next one ends what is left to do.
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  writer_->Flush();  // first: a stranger's file or memory map can hold discovery up
  sampler_->Stop();
  const Accounting totals = sampler_->Totals();
  spdlog::info("event=stopped fired={} samples={} elsewhere={} lost={} files={}", totals.fired(),
               totals.consumer.profiled, totals.Elsewhere(), totals.TotalLost(),
               writer_->stats().written);
}

}  // namespace

absl::Status RunAgent(const Config& config) {
  signal(SIGPIPE, SIG_IGN);  // whoever read stderr may go
  Agent agent(config);
  if (absl::Status status = agent.Start(); !status.ok()) return status;
  agent.Run();
  return absl::OkStatus();
}

}  // namespace profd
