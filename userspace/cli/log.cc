#include "userspace/cli/log.h"

#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <mutex>

namespace profd {
namespace {

// Standard error; but a line that it has no room for (a pipe nobody reads, a terminal that was
// stopped) is dropped: who samples must not wait for who reads the log.
class WaitlessStderr : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void set_color_mode(spdlog::color_mode mode) { stderr_.set_color_mode(mode); }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    pollfd polled = {STDERR_FILENO, POLLOUT, 0};
    if (poll(&polled, 1, 0) == 0) {
      ++dropped_;
      return;
    }
    if (dropped_ > 0) {
      const std::string text = fmt::format("log_lines_dropped={}", dropped_);
      stderr_.log({line.logger_name, spdlog::level::warn, text});
      dropped_ = 0;
    }
    stderr_.log(line);
  }
  void flush_() override { stderr_.flush(); }
  void set_pattern_(const std::string& pattern) override { stderr_.set_pattern(pattern); }
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    stderr_.set_formatter(std::move(formatter));
  }

 private:
  spdlog::sinks::stderr_color_sink_st stderr_;
  uint64_t dropped_ = 0;
};

}  // namespace

void StartLog(const std::string& level) {
  auto sink = std::make_shared<WaitlessStderr>();
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  if (no_color != nullptr && *no_color != '\0') sink->set_color_mode(spdlog::color_mode::never);
  auto logger = std::make_shared<spdlog::logger>("profd", sink);
  logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%e%z level=%^%l%$ %v");
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(level));
}

HeldLog::HeldLog() : sink_(std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(20)) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("profd", sink_));
  spdlog::set_level(spdlog::level::warn);
}

HeldLog::~HeldLog() {
  for (const std::string& line : sink_->last_formatted()) std::cerr << "profd: " << line;
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("profd"));
}

}  // namespace profd
