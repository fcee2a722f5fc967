#include "proxy/rescue.h"

#include <charconv>

#include "protocol/grpc_status.h"

namespace ripstop::proxy {
namespace {

// gRPC statuses as the gRPC specification maps HTTP ones.
constexpr uint8_t kUnavailable = 14;
constexpr uint8_t kUnimplemented = 12;
constexpr uint8_t kInternal = 13;
constexpr uint8_t kDeadlineExceeded = 4;
constexpr uint8_t kPermissionDenied = 7;

constexpr std::string_view kConnectText = "upstream connect error or disconnect/reset before headers";

}  // namespace

Rescue rescue(Trouble trouble) {
  switch (trouble) {
    case Trouble::kRouteNotFound:
      return {404, kUnimplemented, ResponseFlag::kNoRouteFound, "route_not_found", ""};
    case Trouble::kClusterNotFound:
      return {503, kUnavailable, ResponseFlag::kNoClusterFound, "cluster_not_found", ""};
    case Trouble::kNoHealthyUpstream:
      return {503, kUnavailable, ResponseFlag::kNoHealthyUpstream, "no_healthy_upstream", "no healthy upstream"};
    case Trouble::kOverflow:
      return {503, kUnavailable, ResponseFlag::kUpstreamOverflow, "upstream_reset_before_response_started{overflow}",
              "upstream connect error or disconnect/reset before headers. reset reason: overflow"};
    case Trouble::kConnectFailed:
      return {503, kUnavailable, ResponseFlag::kUpstreamConnectionFailure,
              "upstream_reset_before_response_started{connection_failure}", kConnectText};
    case Trouble::kConnectTimeout:
      return {503, kUnavailable, ResponseFlag::kUpstreamConnectionFailure,
              "upstream_reset_before_response_started{connection_timeout}", kConnectText};
    case Trouble::kUpstreamSecurity:
      return {503, kUnavailable, ResponseFlag::kUpstreamConnectionFailure,
              "upstream_reset_before_response_started{TLS_error}", kConnectText};
    case Trouble::kUpstreamReset:
      return {503, kUnavailable, ResponseFlag::kUpstreamTermination,
              "upstream_reset_before_response_started{connection_termination}", kConnectText};
    case Trouble::kUpstreamRemoteReset:
      return {503, kUnavailable, ResponseFlag::kUpstreamRemoteReset,
              "upstream_reset_before_response_started{remote_reset}", kConnectText};
    case Trouble::kUpstreamTimeout:
      return {504, kDeadlineExceeded, ResponseFlag::kUpstreamTimeout, "response_timeout", "upstream request timeout"};
    case Trouble::kUpstreamPerTryTimeout:
      return {504, kDeadlineExceeded, ResponseFlag::kUpstreamTimeout, "upstream_per_try_timeout",
              "upstream request timeout"};
    case Trouble::kUpstreamProtocol:
      return {502, kUnavailable, ResponseFlag::kUpstreamProtocolError,
              "upstream_reset_before_response_started{protocol_error}", kConnectText};
    case Trouble::kRequestProtocol:
      return {400, kInternal, ResponseFlag::kDownstreamProtocolError, "http1.codec_error", ""};
    case Trouble::kRequestHeadTimeout:
      return {408, kDeadlineExceeded, ResponseFlag::kStreamIdleTimeout, "request_header_timeout", ""};
    case Trouble::kRequestCut:
      return {0, kUnavailable, ResponseFlag::kDownstreamTermination, "downstream_remote_disconnect", ""};
    case Trouble::kRequestBody:
      return {400, kInternal, ResponseFlag::kDownstreamProtocolError, "http1.body_error", ""};
    case Trouble::kStreamIdle:
      return {408, kDeadlineExceeded, ResponseFlag::kStreamIdleTimeout, "stream_idle_timeout", "stream timeout"};
    case Trouble::kFaultInjected:
      return {503, kUnavailable, ResponseFlag::kFaultInjected, "fault_filter_abort", "fault filter abort"};
    case Trouble::kUpgradeRefused:
      return {403, kPermissionDenied, ResponseFlag::kNone, "upgrade_failed", ""};
    case Trouble::kRewriteFailed:
      return {500, kInternal, ResponseFlag::kNone, "path_rewrite_failed", ""};
  }
  return {500, kInternal, ResponseFlag::kNone, "internal", ""};
}

Rescue client_fault(Trouble trouble, protocol::Fault fault) {
  Rescue what = rescue(trouble);
  if (fault == protocol::Fault::kNone) return what;
  what.status = protocol::request_status(fault);
  what.details = protocol::token(fault);
  what.text = protocol::sentence(fault);
  return what;
}

namespace {

// Names and values here are our own and always well formed.
void put(protocol::Fields& fields, std::string_view name, std::string_view value) {
  static_cast<void>(fields.append(name, value));
}

void put_number(protocol::Fields& fields, std::string_view name, uint64_t number) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  put(fields, name, {text, static_cast<size_t>(end - text)});
}

}  // namespace

void queue_local_reply(Downstream& down, ExchangeState& state, const Rescue& what, std::string_view server_name) {
  protocol::ResponseHead& head = state.response;
  RequestRecord& record = state.record;
  head.clear();
  const bool is_head = state.request.method_kind == protocol::Method::kHead;
  head.status = record.is_grpc ? 200 : what.status;
  head.framing = protocol::BodyFraming::of_length(record.is_grpc ? 0 : what.text.size());
  if (record.is_grpc) {
    put(head.fields, "content-type", "application/grpc");
    put_number(head.fields, "grpc-status", what.grpc_status);
    if (!what.text.empty()) put(head.fields, "grpc-message", protocol::encode_grpc_message(what.text));
    record.grpc_status = what.grpc_status;
    record.has_grpc_status = true;
  } else if (!what.text.empty()) {
    put(head.fields, "content-type", "text/plain");
  }
  if (!server_name.empty()) put(head.fields, "server", server_name);
  record.status = head.status;
  record.details = what.details;
  if (what.flag != ResponseFlag::kNone) record.add_flag(what.flag);
  down.queue_response(head);
  if (record.is_grpc || is_head) return;
  down.sink().queue_body(what.text);
  record.response_bytes += what.text.size();
}

}  // namespace ripstop::proxy
