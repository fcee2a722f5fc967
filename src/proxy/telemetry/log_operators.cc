#include "proxy/telemetry/log_operators.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace ripstop::proxy::telemetry {
namespace {

using Record = RequestRecord;

std::string_view protocol_name(protocol::Version version) {
  switch (version) {
    case protocol::Version::kHttp10:
      return "HTTP/1.0";
    case protocol::Version::kHttp11:
      return "HTTP/1.1";
    case protocol::Version::kHttp2:
      return "HTTP/2";
  }
  return "";
}

// RFC 3339 with milliseconds, UTC.
void start_time(const Record& r, std::string_view, std::string& out) {
  const std::time_t seconds = WallClock::to_time_t(r.start_wall);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(r.start_wall.time_since_epoch()).count();
  const int milliseconds = static_cast<int>(((since % 1000) + 1000) % 1000);
  size += static_cast<size_t>(std::snprintf(text + size, sizeof text - size, ".%03dZ", milliseconds));
  out.append(text, size);
}

// The field, or the second one behind '?'.
void request_field(const Record& r, std::string_view argument, std::string& out) {
  if (r.request == nullptr) return;
  const size_t question = argument.find('?');
  const std::string_view name = argument.substr(0, question);
  if (name == ":METHOD" || name == ":method") {
    out += r.request->method;
  } else if (name == ":PATH" || name == ":path") {
    out.append(r.request->path).append(r.request->query);
  } else if (name == ":AUTHORITY" || name == ":authority") {
    out += r.request->authority;
  } else if (const auto value = r.request->fields.find(name)) {
    out += *value;
  } else if (question != std::string_view::npos) {
    request_field(r, argument.substr(question + 1), out);
  }
}

void response_field(const Record& r, std::string_view, std::string& out) {
  out += r.upstream_service_time;
}

void flags(const Record& r, std::string_view, std::string& out) {
  out += r.flags[0] == ResponseFlag::kNone ? std::string_view("-") : to_string(r.flags[0]);
  if (r.flags[1] != ResponseFlag::kNone) out.append(",").append(to_string(r.flags[1]));
}

void address(const SocketAddress& value, std::string& out) {
  if (value.port != 0) out += value.to_string();
}

int64_t in_milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

constexpr auto kOperators = std::to_array<LogOperator>({
    {"START_TIME", false, false, start_time},
    {"REQ", false, true, request_field},
    {"RESP", false, true, response_field},
    {"PROTOCOL", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.request != nullptr) out += protocol_name(r.request->version);
     }},
    {"RESPONSE_CODE", true, false,
     [](const Record& r, std::string_view, std::string& out) { out += std::to_string(r.status); }},
    {"RESPONSE_FLAGS", false, false, flags},
    {"RESPONSE_CODE_DETAILS", false, false,
     [](const Record& r, std::string_view, std::string& out) { out += r.details; }},
    {"CONNECTION_TERMINATION_DETAILS", false, false,
     [](const Record& r, std::string_view, std::string& out) { out += r.connection_termination; }},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", false, false,
     [](const Record& r, std::string_view, std::string& out) { out += r.transport_failure; }},
    {"BYTES_RECEIVED", true, false,
     [](const Record& r, std::string_view, std::string& out) { out += std::to_string(r.request_bytes); }},
    {"BYTES_SENT", true, false,
     [](const Record& r, std::string_view, std::string& out) { out += std::to_string(r.response_bytes); }},
    {"DURATION", true, false,
     [](const Record& r, std::string_view, std::string& out) { out += std::to_string(in_milliseconds(r.duration)); }},
    {"RESPONSE_DURATION", true, false,
     [](const Record& r, std::string_view, std::string& out) {
       out += std::to_string(in_milliseconds(r.upstream_duration));
     }},
    {"UPSTREAM_HOST", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.endpoint != nullptr) address(r.endpoint->address, out);
     }},
    {"UPSTREAM_CLUSTER", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.cluster != nullptr) out += r.cluster->name;
     }},
    {"UPSTREAM_CLUSTER_RAW", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.cluster != nullptr) out += r.cluster->name;
     }},
    {"UPSTREAM_LOCAL_ADDRESS", false, false,
     [](const Record& r, std::string_view, std::string& out) { address(r.upstream_local, out); }},
    {"DOWNSTREAM_LOCAL_ADDRESS", false, false,
     [](const Record& r, std::string_view, std::string& out) { address(r.downstream_local, out); }},
    {"DOWNSTREAM_REMOTE_ADDRESS", false, false,
     [](const Record& r, std::string_view, std::string& out) { address(r.downstream_remote, out); }},
    {"REQUESTED_SERVER_NAME", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.downstream_tls != nullptr) out += r.downstream_tls->sni;
     }},
    {"DOWNSTREAM_PEER_URI_SAN", false, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.downstream_tls != nullptr && !r.downstream_tls->peer_uris.empty()) out += r.downstream_tls->peer_uris[0];
     }},
    {"ROUTE_NAME", false, false, [](const Record& r, std::string_view, std::string& out) { out += r.route_name; }},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", true, false,
     [](const Record& r, std::string_view, std::string& out) { out += std::to_string(r.attempts); }},
    {"GRPC_STATUS_NUMBER", true, false,
     [](const Record& r, std::string_view, std::string& out) {
       if (r.has_grpc_status) out += std::to_string(r.grpc_status);
     }},
});

}  // namespace

const LogOperator* find_log_operator(std::string_view name) {
  for (const LogOperator& candidate : kOperators) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

}  // namespace ripstop::proxy::telemetry
