#include "userspace/cli/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <iostream>

namespace profd {

void StartLog(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("profd");
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  if (no_color != nullptr && *no_color != '\0') {
    static_cast<spdlog::sinks::stderr_color_sink_mt&>(*logger->sinks().front())
        .set_color_mode(spdlog::color_mode::never);
  }
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
