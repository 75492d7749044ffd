#include "userspace/agent/agent.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpf/events.h"
#include "userspace/agent/pipeline.h"
#include "userspace/agent/profile_writer.h"
#include "userspace/agent/status_report.h"
#include "userspace/agent/status_socket.h"
#include "userspace/collector/clock.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

constexpr absl::Duration kLongestPoll = absl::Milliseconds(200);
constexpr absl::Duration kShortestPoll = absl::Milliseconds(4);
// Where processes come and go: what /proc has to say of one is there only while it lives.
constexpr absl::Duration kLongestPollAfterBirth = absl::Milliseconds(50);
constexpr absl::Duration kAfterBirth = absl::Seconds(2);
constexpr size_t kRingBytesPerCpu = 1 << 20;
constexpr double kLargestRecordBytes = sizeof(sample_record) +
                                       PROFD_MAX_PY_FRAMES * sizeof(py_frame_record) +
                                       PROFD_MAX_KERNEL_FRAMES * sizeof(u64);

// So often that the deepest stacks fill half of the ring at most.
absl::Duration PollInterval(double rate_hz) {
  const absl::Duration half = absl::Seconds(kRingBytesPerCpu / 2 / (rate_hz * kLargestRecordBytes));
  return std::clamp(half, kShortestPoll, kLongestPoll);
}

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // A terminal that closes ends us cleanly, unless nohup(1) said to ignore it: once blocked, even
  // an ignored signal would be delivered to sigtimedwait.
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

Descriptor StopSignalDescriptor() {
  const sigset_t signals = StopSignals();
  return Descriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

// A descriptor is held for each sampled process.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<Selection> MakeSelection(const Config& config) {
  if (!config.pids.empty()) {
    // An error other than ESRCH is about a process that exists.
    const bool any = std::any_of(config.pids.begin(), config.pids.end(),
                                 [](pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; });
    if (!any) return absl::NotFoundError("no process has an ID that --pid names");
    return Selection::Pids(config.pids);
  }
  if (!config.comm.empty()) return Selection::CommPattern(config.comm);
  return Selection::All();
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
  bool ToldToStop() const;

  const Config config_;
  const Descriptor signals_ = StopSignalDescriptor();
  std::unique_ptr<StatusSocket> socket_;
  std::unique_ptr<ProfileWriter> writer_;
  std::unique_ptr<BpfSession> session_;
  std::unique_ptr<Images> images_;
  std::unique_ptr<Processes> processes_;
  std::shared_ptr<RemoteReaderPool> readers_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<Pipeline> pipeline_;
  absl::Duration started_;  // of SteadyNow()
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
  if (!lacks.empty()) spdlog::warn("kernel_lacks={}", LogValue(lacks));

  Spool::Options spool_options;
  spool_options.directory = config_.output;
  spool_options.host = config_.host;
  spool_options.keep = config_.keep;
  spool_options.max_bytes = config_.max_size_bytes;
  auto spool = Spool::Open(spool_options);
  if (!spool.ok()) return spool.status();
  writer_ = std::make_unique<ProfileWriter>(*std::move(spool));

  if (!signals_.valid()) return absl::ErrnoToStatus(errno, "signalfd");
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
  const Moment now = Moment::Now();
  started_ = now.steady;
  pipeline_->Open(now);
  PublishStatus(started_);
  spdlog::info("event=sampling rate={:g}Hz interval={} processes={} output={}", config_.rate_hz,
               absl::FormatDuration(config_.interval), processes_->size(),
               LogValue(config_.output));
  sd_notify(0, "READY=1");
  return absl::OkStatus();
}

void Agent::PublishStatus(absl::Duration now) {
  if (socket_ == nullptr) return;
  StatusInputs inputs;
  inputs.uptime = now - started_;
  inputs.config = &config_;
  inputs.totals = pipeline_->Totals();
  inputs.writer = writer_->stats();
  inputs.unsupported = images_->unsupported();
  inputs.interpreters = images_->size();
  inputs.processes = processes_->size();
  inputs.kernel_features = session_->features().Describe();
  socket_->Publish(StatusJson(inputs));
}

void Agent::Sleep(absl::Duration duration) const {
  pollfd polled[] = {{signals_.get(), POLLIN, 0},
                     {socket_ == nullptr ? -1 : socket_->asked(), POLLIN, 0}};
  const timespec timeout = absl::ToTimespec(std::max(duration, absl::ZeroDuration()));
  ppoll(polled, 2, &timeout, nullptr);
}

bool Agent::ToldToStop() const {
  signalfd_siginfo signal;
  return read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal);
}

void Agent::Run() {
  const absl::Duration longest_poll = PollInterval(config_.rate_hz);
  const absl::Duration end = started_ + config_.duration;
  absl::Duration window_end = started_ + config_.interval;
  bool stop = false;
  while (!stop) {
    const absl::Duration before = SteadyNow();
    const bool births = before - pipeline_->last_birth() < kAfterBirth;
    const absl::Duration poll =
        births ? std::min(longest_poll, kLongestPollAfterBirth) : longest_poll;
    Sleep(std::min({before + poll, window_end, end}) - before);
    stop = ToldToStop();
    const Moment moment = Moment::Now();
    const absl::Duration now = moment.steady;
    stop = stop || now >= end;
    if (stop) session_->DetachSamplers();
    pipeline_->Consume(moment);
    if (now >= window_end || stop) {
      writer_->Write(pipeline_->Close(moment));
      window_end = std::max(window_end + config_.interval, now + config_.interval / 2);
      absl::Status status = stop ? absl::OkStatus() : session_->RefreshCpus();
      if (!status.ok()) spdlog::warn("error={}", LogValue(status.message()));
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
  discovery_->Stop();
  const Accounting totals = pipeline_->Totals();
  spdlog::info("event=stopped fired={} samples={} elsewhere={} lost={} files={}", totals.fired(),
               totals.consumer.profiled, totals.Elsewhere(), totals.TotalLost(),
               writer_->stats().written);
}

}  // namespace

absl::Status RunAgent(const Config& config) {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // whoever read stderr may go
  RaiseDescriptorLimit();
  Agent agent(config);
  if (absl::Status status = agent.Start(); !status.ok()) return status;
  agent.Run();
  return absl::OkStatus();
}

}  // namespace profd
