#include "userspace/cli/top_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/collector/clock.h"
#include "userspace/record/empty_recording.h"
#include "userspace/record/invoking_user.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

TopFacts FactsOf(const FinishedWindow& window, double wanted_hz) {
  TopFacts facts;
  facts.processes = window.processes;
  facts.rate_hz = window.accounting.RateHz();
  facts.wanted_hz = wanted_hz;
  facts.cpu = window.cpu;
  facts.duration = window.duration;
  facts.samples = window.samples + window.waiting_samples;
  if (window.duration > absl::ZeroDuration()) {
    facts.gil_held = absl::FDivDuration(window.gil_held, window.duration);
  }
  facts.lost = window.accounting.Lost();
  facts.imperfect = window.accounting.Imperfect();
  return facts;
}

TopView::Options ViewOptions(const TopOptions& options) {
  TopView::Options view;
  view.by_line = options.by_line;
  view.full_filenames = options.full_filenames;
  view.idle = options.sampling.idle;
  view.gil_only = options.sampling.gil_only;
  return view;
}

std::string IdleLacks(const Sampler& sampler) {
  return absl::StrCat("--idle: ", sampler.KernelLacks());
}

}  // namespace

TopSession::TopSession(const TopOptions& options, std::unique_ptr<Targets> targets,
                       std::unique_ptr<Sampler> sampler)
    : options_(options),
      targets_(std::move(targets)),
      sampler_(std::move(sampler)),
      view_(ViewOptions(options)) {}

TopSession::~TopSession() { sampler_->Stop(); }

absl::StatusOr<std::unique_ptr<Sampler>> TopSession::MakeSampler(const Targets& targets) {
  Sampler::Options options = targets.MakeSamplerOptions();
  options.gil = true;
  return Sampler::Create(options);
}

absl::StatusOr<std::unique_ptr<TopSession>> TopSession::Create(const TopOptions& options,
                                                               const sigset_t& signals,
                                                               const CommandStreams& streams) {
  auto targets = Targets::Prepare(options.sampling, WhoInvoked(), signals, streams);
  if (!targets.ok()) return targets.status();
  auto sampler = MakeSampler(**targets);
  if (!sampler.ok()) return sampler.status();
  return std::unique_ptr<TopSession>(
      new TopSession(options, *std::move(targets), *std::move(sampler)));
}

absl::Status TopSession::Start(std::string* note) {
  if (absl::Status status = sampler_->Start(); !status.ok()) return status;
  if (options_.sampling.idle && sampler_->waiting_stats() == nullptr) {
    *note = IdleLacks(*sampler_);
    view_.SetMode(false, options_.sampling.gil_only);
  }
  began_ = sampler_->started();
  next_refresh_ = began_ + options_.delay;
  return command() == nullptr ? absl::OkStatus() : command()->Release();
}

absl::Duration TopSession::TimeToWork() const {
  const absl::Duration now = SteadyNow();
  return std::min(sampler_->TimeToConsume(now), next_refresh_ - now);
}

std::vector<int> TopSession::Descriptors() const {
  std::vector<int> descriptors = targets_->descriptors();
  descriptors.push_back(sampler_->descriptor());
  return descriptors;
}

absl::StatusOr<bool> TopSession::Work() {
  const Moment now = Moment::Now();
  sampler_->Consume(now);
  if (!is_python_) {
    is_python_ = targets_->AnyIsPython(*sampler_) || targets_->Ended();
    if (is_python_) {
      next_refresh_ = now.steady + options_.delay;  // nothing could be sampled before
    } else if (now.steady > began_ + Targets::kTimeToBecomePython) {
      return targets_->CheckPython(*sampler_);
    }
  }
  if (now.steady < next_refresh_) return false;
  AddInterval(now);
  next_refresh_ = std::max(next_refresh_ + options_.delay, now.steady + options_.delay / 2);
  return true;
}

void TopSession::Finish() {
  sampler_->Detach();
  const Moment now = Moment::Now();
  sampler_->Consume(now);
  AddInterval(now);
}

void TopSession::AddInterval(const Moment& now) {
  const FinishedWindow window = sampler_->Close(now);
  view_.Add(window.profile, FactsOf(window, options_.sampling.rate_hz));
}

absl::Status TopSession::SetMode(bool idle, bool gil_only) {
  const SamplingOptions before = targets_->options();
  targets_->SetMode(idle, gil_only);
  auto sampler = MakeSampler(*targets_);
  absl::Status status = sampler.status();
  if (status.ok()) status = (*sampler)->Start(sampler_.get());
  if (status.ok() && idle && (*sampler)->waiting_stats() == nullptr) {
    status = absl::UnimplementedError(IdleLacks(**sampler));
  }
  if (!status.ok()) {
    targets_->SetMode(before.idle, before.gil_only);
    if (sampler.ok()) (*sampler)->Stop();
    return status;
  }
  std::swap(sampler_, *sampler);
  (*sampler)->Stop();
  view_.SetMode(idle, gil_only);
  next_refresh_ = sampler_->started() + options_.delay;
  return absl::OkStatus();
}

std::string TopSession::LastTable(const ScreenSize& size) {
  return PlainText(view_.Whole().Table(size));
}

std::string TopSession::SinceText() const {
  if (!view_.began_anew()) return "";
  return absl::StrFormat("; the table is of %.1f s", absl::ToDoubleSeconds(view_.total().duration));
}

std::string TopSession::EndText() {
  const double seconds = absl::ToDoubleSeconds(SteadyNow() - began_);
  if (command() != nullptr) {
    return absl::StrFormat("%s has ended after %.1f s with exit status %d%s",
                           Printable(command()->name()), seconds, command()->exit_code(),
                           SinceText());
  }
  const std::vector<pid_t>& pids = options_.sampling.pids;
  return absl::StrFormat("process%s %s %s ended%s", pids.size() == 1 ? "" : "es",
                         absl::StrJoin(pids, ", "), pids.size() == 1 ? "has" : "have", SinceText());
}

std::string TopSession::WhyNothing() {
  if (!view_.profile().samples().empty()) return "";
  if (view_.began_anew()) return "no sample was taken since the table began anew";
  FinishedWindow window;
  window.processes = view_.total().processes;
  window.cpu = view_.total().cpu;
  window.duration = view_.total().duration;
  return WhyEmpty(*sampler_, window, options_.sampling.pids, command() != nullptr,
                  options_.sampling.rate_hz);
}

}  // namespace profd
