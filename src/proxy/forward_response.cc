// The way back: the upstream's answer to the client.
#include <charconv>

#include "proxy/forward.h"
#include "proxy/listener/tunnel.h"
#include "proxy/worker/worker.h"

namespace ripstop::proxy {

using protocol::FieldId;

namespace {

class ByteCount final : public PumpObserver {
 public:
  explicit ByteCount(uint64_t& bytes) : bytes_(bytes) {}
  void on_body(std::string_view data) override { bytes_ += data.size(); }

 private:
  uint64_t& bytes_;
};

}  // namespace

void Forwarder::prepare_response() {
  RequestRecord& record = state_.record;
  protocol::ResponseHead& response = state_.response;
  record.status = response.status;
  record.details = "via_upstream";
  record.upstream_duration = worker_.reactor().now() - record.start;
  if (const auto grpc = response.fields.find(FieldId::kGrpcStatus)) {
    record.has_grpc_status =
        std::from_chars(grpc->data(), grpc->data() + grpc->size(), record.grpc_status).ec == std::errc();
  }
  apply_edits(choice_->response_edits, response.fields);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(record.upstream_duration).count();
  char text[24];
  const char* end = std::to_chars(text, text + sizeof text, milliseconds).ptr;
  static_cast<void>(response.fields.set("x-envoy-upstream-service-time", {text, static_cast<size_t>(end - text)}));
  state_.scratch.assign(text, static_cast<size_t>(end - text));
  record.upstream_service_time = state_.scratch;
  if (!http_.model->server_name.empty()) {
    static_cast<void>(response.fields.set("server", http_.model->server_name));
  }
}

runtime::Task<ExchangeEnd> Forwarder::relay_response(Attempt attempt, policy::HostRef host) {
  UpstreamConnection& from = *attempt.connection;
  prepare_response();
  down_.queue_response(state_.response);
  if (state_.response.tunnel) co_return co_await open_tunnel(from);
  ByteCount count(state_.record.response_bytes);
  for (;;) {
    const PumpStep step = try_pump(from.reader, down_.sink(), count);
    if (step.state == PumpState::kDone) break;
    bool in_time = false;
    if (step.state == PumpState::kWaitForSource) {
      in_time = co_await from.reader.readable().wait(idle_deadline());
      if (!in_time) state_.record.add_flag(ResponseFlag::kUpstreamTimeout);
    } else if (step.state == PumpState::kWaitForSink) {
      in_time = co_await down_.sink().writable().wait(idle_deadline());
      if (!in_time) state_.record.add_flag(ResponseFlag::kStreamIdleTimeout);
    } else if (step.state == PumpState::kSinkFailed) {
      state_.record.add_flag(ResponseFlag::kDownstreamTermination);
      state_.record.details = "downstream_remote_disconnect";
    } else {
      const bool is_fault = step.state == PumpState::kSourceFault;
      state_.record.add_flag(is_fault ? ResponseFlag::kUpstreamProtocolError : ResponseFlag::kUpstreamTermination);
      state_.record.details = "upstream_reset_after_response_started";
    }
    if (!in_time) co_return ExchangeEnd::kAbort;
  }
  if (state_.record.is_grpc && !state_.record.has_grpc_status) {
    if (const auto grpc = from.reader.trailers().find(FieldId::kGrpcStatus)) {
      state_.record.has_grpc_status =
          std::from_chars(grpc->data(), grpc->data() + grpc->size(), state_.record.grpc_status).ec == std::errc();
    }
  }
  // An answer that came before the request was out leaves both connections in the middle of a message.
  content_scope_.cancel();
  if (content_is_out_ && state_.response.keep_alive) {
    from.reader.end_message();
    cluster_->give_back(*host, std::move(attempt.connection), worker_.reactor().now());
  }
  co_return content_is_out_ ? ExchangeEnd::kReusable : ExchangeEnd::kClose;
}

runtime::Task<ExchangeEnd> Forwarder::open_tunnel(UpstreamConnection& connection) {
  net::Stream* client = down_.tunnel_stream();
  runtime::Transfer::State sent;
  while ((sent = down_.sink().try_flush()) == runtime::Transfer::State::kWouldBlock) {
    if (!co_await down_.sink().writable().wait(idle_deadline())) co_return ExchangeEnd::kAbort;
  }
  if (sent == runtime::Transfer::State::kFailed || client == nullptr) co_return ExchangeEnd::kAbort;
  TunnelOptions options;
  options.early_from_client = down_.early_bytes();
  options.early_from_upstream = connection.reader.rest();
  options.idle_timeout = forward_.idle_timeout.value_or(Duration::zero());
  TunnelResult result;
  co_await relay(*client, *connection.stream, options, result);
  state_.record.request_bytes += result.from_client;
  state_.record.response_bytes += result.from_upstream;
  co_return result.client_failed || result.upstream_failed || result.timed_out ? ExchangeEnd::kAbort
                                                                               : ExchangeEnd::kClose;
}

}  // namespace ripstop::proxy
