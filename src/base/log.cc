#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace ripstop::log {
namespace {

struct Levels {
  std::atomic<Level> overall{Level::kInfo};
  std::atomic<bool> has_components{false};
  std::shared_mutex mutex;
  std::map<std::string, Level, std::less<>> components;
};

Levels& levels() {
  static Levels instance;
  return instance;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("ripstop", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

bool is_logged(Level level, std::string_view component) {
  Levels& all = levels();
  if (all.has_components.load(std::memory_order_relaxed)) {
    std::shared_lock lock(all.mutex);
    if (auto found = all.components.find(component); found != all.components.end()) return level >= found->second;
  }
  return level >= all.overall.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view component, std::string_view message) {
  if (level == Level::kOff || !is_logged(level, component)) return;
  logger().log(to_spdlog(level), "{} {}", component, message);
}

void set_level(Level level) {
  levels().overall.store(level, std::memory_order_relaxed);
}

void set_level(std::string_view component, Level level) {
  Levels& all = levels();
  std::unique_lock lock(all.mutex);
  all.components.insert_or_assign(std::string(component), level);
  all.has_components.store(true, std::memory_order_relaxed);
}

bool parse_level(std::string_view name, Level& level) {
  for (Level candidate : {Level::kTrace, Level::kDebug, Level::kInfo, Level::kWarning, Level::kError, Level::kOff}) {
    if (name == to_string(candidate)) {
      level = candidate;
      return true;
    }
  }
  if (name != "warn") return false;
  level = Level::kWarning;
  return true;
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kTrace:
      return "trace";
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
    case Level::kOff:
      return "off";
  }
  return "off";
}

}  // namespace ripstop::log
