// The command operators that an access log format may name.
#pragma once

#include <string>
#include <string_view>

#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy::telemetry {

struct LogOperator {
  std::string_view name;
  bool is_number;
  bool takes_argument;  // "%REQ(name)%"
  // Appends the value, unescaped; nothing when there is none.
  void (*append)(const RequestRecord& record, std::string_view argument, std::string& out);
};

// Of the response's fields only x-envoy-upstream-service-time outlives the response.
inline constexpr std::string_view kResponseField = "x-envoy-upstream-service-time";

// Null for an unknown name.
[[nodiscard]] const LogOperator* find_log_operator(std::string_view name);

}  // namespace ripstop::proxy::telemetry
