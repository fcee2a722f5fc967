// Process log: one line per event, never per request, never a secret. Thread-safe. Goes to standard error.
//
// Formatting is the caller's (fmt::format) so that this header stays light; ask is_logged() first where the text is
// costly to make.
#pragma once

#include <cstdint>
#include <string_view>

namespace ripstop::log {

enum class Level : uint8_t { kTrace, kDebug, kInfo, kWarning, kError, kOff };

// `component` is the room or a part of it ("proxy.listener"); levels can be set per component.
void write(Level level, std::string_view component, std::string_view message);
[[nodiscard]] bool is_logged(Level level, std::string_view component);

inline void debug(std::string_view component, std::string_view message) {
  write(Level::kDebug, component, message);
}
inline void info(std::string_view component, std::string_view message) {
  write(Level::kInfo, component, message);
}
inline void warning(std::string_view component, std::string_view message) {
  write(Level::kWarning, component, message);
}
inline void error(std::string_view component, std::string_view message) {
  write(Level::kError, component, message);
}

// Sets the level of everything, or of one component.
void set_level(Level level);
void set_level(std::string_view component, Level level);

// "trace" … "off", as on Envoy's command line ("warn" is accepted); false when the name is unknown.
[[nodiscard]] bool parse_level(std::string_view name, Level& level);
[[nodiscard]] std::string_view to_string(Level level);

}  // namespace ripstop::log
