#include "userspace/sampling/sampler.h"

#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

// Where processes come and go: what /proc has to say of one is there only while it lives.
constexpr absl::Duration kLongestAfterBirth = absl::Milliseconds(50);
constexpr absl::Duration kAfterBirth = absl::Seconds(2);

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What does not get a CPU in time loses samples, and that on the busiest hosts. Unless the user has
// chosen another priority. A short slice is what makes the wait short where each session or service
// is a scheduling group of its own (Linux 6.12+; earlier ones ignore it); all threads inherit both.
void RaisePriority() {
  if (sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) != 0) return;
  struct {  // struct sched_attr, include/uapi/linux/sched/types.h, in its first version
    uint32_t size = 48;
    uint32_t policy = SCHED_OTHER;
    uint64_t flags = 0;
    int32_t nice = -10;
    uint32_t priority = 0;
    uint64_t runtime_ns = 100'000;
    uint64_t deadline_ns = 0;
    uint64_t period_ns = 0;
  } attributes;
  if (syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return;
  // The slice alone needs no privilege.
  attributes.nice = 0;
  const bool has_slice = syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
  spdlog::info("priority=normal slice={} hint=\"CAP_SYS_NICE lets profd get a CPU sooner\"",
               has_slice ? "short" : "normal");
}

Pipeline::Options PipelineOptions(const Sampler::Options& options) {
  Pipeline::Options pipeline;
  pipeline.keep_times = options.keep_times;
  pipeline.wall = options.idle;
  pipeline.gil_only = options.gil_only;
  pipeline.profile = options.profile;
  pipeline.codes = options.codes;
  return pipeline;
}

}  // namespace

Sampler::Sampler(std::unique_ptr<BpfSession> session, const Options& options)
    : idle_(options.idle),
      pace_(options.period_ns),
      session_(std::move(session)),
      images_(std::make_unique<Images>(session_.get())),
      processes_(std::make_unique<Processes>()),
      discovery_(std::make_unique<Discovery>(session_.get(), images_.get(), processes_.get(),
                                             options.selection)),
      pipeline_(std::make_unique<Pipeline>(session_.get(), images_.get(), processes_.get(),
                                           discovery_.get(), PipelineOptions(options))) {}

Sampler::~Sampler() = default;

absl::StatusOr<std::unique_ptr<Sampler>> Sampler::Create(const Options& options) {
  RaiseDescriptorLimit();
  RaisePriority();
  BpfSession::Options session_options;
  session_options.period_ns = options.period_ns;
  session_options.want_gil = options.gil || options.gil_only;
  session_options.has_exclusions = !options.selection.is_all();
  session_options.tell_renames = options.selection.by_name();
  session_options.has_followed = options.selection.has_descendants();
  session_options.ring_bytes_per_cpu = RingPace(options.period_ns).bytes_per_cpu();
  session_options.verbose = options.verbose;
  auto session = BpfSession::Create(session_options);
  if (!session.ok()) return session.status();
  return std::unique_ptr<Sampler>(new Sampler(*std::move(session), options));
}

absl::Status Sampler::Start(const Sampler* before) {
  if (absl::Status status = session_->AttachLifecycle(); !status.ok()) return status;
  if (absl::Status status = discovery_->Listen(); !status.ok()) return status;
  // Births are told from here on: none falls between the two.
  const std::vector<pid_t> known =
      before == nullptr ? std::vector<pid_t>() : before->session_->Followed();
  if (absl::Status status = discovery_->FollowSelection(known); !status.ok()) return status;
  discovery_->ScanLikely();
  discovery_->Start();
  if (absl::Status status = StartWaiting(); !status.ok()) return status;
  if (absl::Status status = session_->AttachSamplers(); !status.ok()) return status;
  attached_ = true;
  const Moment now = Moment::Now();
  started_ = now.steady;
  pace_.Begin(now.steady);
  pipeline_->Open(now);
  TickWaiting(now.steady);
  return absl::OkStatus();
}

absl::Status Sampler::StartWaiting() {
  if (!idle_) return absl::OkStatus();
  WaitingSampler::Options options;
  options.period = absl::Nanoseconds(session_->period_ns());
  auto waiting =
      WaitingSampler::Create(session_.get(), processes_.get(), pipeline_->symbolizer(), options);
  if (absl::IsUnimplemented(waiting.status())) {
    waiting_lacks_ = std::string(waiting.status().message());
    return absl::OkStatus();
  }
  if (!waiting.ok()) return waiting.status();
  waiting_ = *std::move(waiting);
  return absl::OkStatus();
}

void Sampler::TickWaiting(absl::Duration now) {
  if (waiting_ == nullptr || !attached_) return;
  waiting_->Tick(now, [this](const WaitingSample& sample) { pipeline_->AddWaiting(sample); });
}

std::string Sampler::KernelLacks() const {
  const std::string features = session_->features().Describe();
  std::vector<absl::string_view> lacks = {features, waiting_lacks_,
                                          pipeline_->symbolizer()->kernel_status().message()};
  std::erase(lacks, "");
  return absl::StrJoin(lacks, "; ");
}

const WaitingSampler::Stats* Sampler::waiting_stats() const {
  return waiting_ == nullptr ? nullptr : &waiting_->stats();
}

absl::Duration Sampler::TimeToConsume(absl::Duration now) const {
  const bool births = now - pipeline_->last_birth() < kAfterBirth;
  absl::Duration wait = pace_.interval();
  if (births) wait = std::min(wait, kLongestAfterBirth);
  if (waiting_ != nullptr) wait = std::min(wait, waiting_->due() - now);
  return std::max(wait, absl::ZeroDuration());
}

int Sampler::descriptor() const { return session_->filling(); }

void Sampler::Consume(const Moment& now) {
  pace_.Emptied(now.steady, pipeline_->Consume(now));
  TickWaiting(now.steady);
}

FinishedWindow Sampler::Close(const Moment& now) {
  FinishedWindow window = pipeline_->Close(now);
  if (attached_) {
    absl::Status status = session_->AttachSamplers();
    if (!status.ok()) spdlog::warn("error={}", LogValue(status.message()));
  }
  return window;
}

void Sampler::Detach() {
  TickWaiting(SteadyNow());
  session_->DetachSamplers();
  attached_ = false;
}

void Sampler::Stop() { discovery_->Stop(); }

bool Sampler::IsKnown(pid_t pid) const {
  auto registered = session_->FindProcess(pid);
  return registered.ok() && !registered->ended;
}

}  // namespace profd
