// The way back: the upstream's answer to the client.
#include <charconv>

#include "protocol/grpc_status.h"
#include "proxy/forward.h"
#include "proxy/listener/tunnel.h"
#include "proxy/request_headers.h"
#include "proxy/worker/worker.h"
#include "runtime/wait.h"

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

void Forwarder::note_grpc_status(const protocol::Fields& fields) {
  const auto text = fields.find(FieldId::kGrpcStatus);
  const auto status = text ? protocol::parse_grpc_status(*text) : std::nullopt;
  if (!status) return;
  state_.record.has_grpc_status = true;
  state_.record.grpc_status = static_cast<uint32_t>(*status);
}

void Forwarder::prepare_response() {
  RequestRecord& record = state_.record;
  protocol::ResponseHead& response = state_.response;
  record.status = response.status;
  record.details = "via_upstream";
  record.upstream_duration = worker_.reactor().now() - record.start;
  note_grpc_status(response.fields);
  settle_websocket(state_.request, response);
  apply_edits(choice_->response_edits, response.fields);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(record.upstream_duration).count();
  char text[24];
  const char* end = std::to_chars(text, text + sizeof text, milliseconds).ptr;
  static_cast<void>(response.fields.set(FieldId::kXEnvoyUpstreamServiceTime, {text, static_cast<size_t>(end - text)}));
  state_.scratch.assign(text, static_cast<size_t>(end - text));
  record.upstream_service_time = state_.scratch;
  if (!http_.model->server_name.empty()) {
    static_cast<void>(response.fields.set(FieldId::kServer, http_.model->server_name));
  }
}

// A gRPC server is judged by its own status, which HTTP's 200 says nothing of.
void Forwarder::judge_by_trailers(policy::Host& host) {
  const RequestRecord& record = state_.record;
  if (record.status != 200 || !record.has_grpc_status) return;
  const auto status = static_cast<protocol::GrpcStatus>(record.grpc_status);
  cluster_->record(host, {.status = protocol::http_status_of_grpc(status)}, worker_.reactor().now());
}

// Until the content is complete or cannot be; either direction keeps the other from being idle.
runtime::Task<PumpState> Forwarder::relay_content(UpstreamRequest& from) {
  ByteCount count(state_.record.response_bytes);
  for (;;) {
    const PumpStep step = try_pump(from.body(), down_.sink(), count);
    if (step.state == PumpState::kWaitForSource) {
      const runtime::Woken woken = co_await wait_for_upstream(from, idle_deadline());
      if (woken == runtime::Woken::kFirst) last_activity_ = worker_.reactor().now();
      const bool is_cut = content_failed_ && content_trouble_ != Trouble::kStreamIdle;
      if (is_cut || client_is_gone(woken)) co_return PumpState::kSinkFailed;
      if (woken != runtime::Woken::kTimedOut || worker_.reactor().now() < idle_deadline()) continue;
      co_return PumpState::kWaitForSource;
    }
    if (step.state != PumpState::kWaitForSink) co_return step.state;
    if (co_await down_.sink().writable().wait(idle_deadline())) {
      last_activity_ = worker_.reactor().now();
      continue;
    }
    if (worker_.reactor().now() >= idle_deadline()) co_return PumpState::kWaitForSink;
  }
}

void Forwarder::note_broken_response(PumpState state) {
  RequestRecord& record = state_.record;
  switch (state) {
    case PumpState::kDone:
      return;
    case PumpState::kWaitForSource:
      return record.add_flag(ResponseFlag::kUpstreamTimeout);
    case PumpState::kWaitForSink:
      return record.add_flag(ResponseFlag::kStreamIdleTimeout);
    case PumpState::kSinkFailed:
      record.add_flag(ResponseFlag::kDownstreamTermination);
      record.details = "downstream_remote_disconnect";
      return;
    case PumpState::kSourceFault:
    case PumpState::kSourceCut:
      const bool is_fault = state == PumpState::kSourceFault;
      record.add_flag(is_fault ? ResponseFlag::kUpstreamProtocolError : ResponseFlag::kUpstreamTermination);
      record.details = "upstream_reset_after_response_started";
      return;
  }
}

runtime::Task<ExchangeEnd> Forwarder::relay_response(Attempt attempt, policy::HostRef host) {
  UpstreamRequest& from = *attempt.request;
  last_activity_ = worker_.reactor().now();
  prepare_response();
  down_.queue_response(state_.response);
  if (state_.response.tunnel) co_return co_await open_tunnel(from);
  co_await runtime::turn_end(runtime::Towards::kClient);
  const PumpState end = co_await relay_content(from);
  note_broken_response(end);
  if (end != PumpState::kDone) co_return ExchangeEnd::kAbort;
  if (state_.record.is_grpc && !state_.record.has_grpc_status) {
    note_grpc_status(from.body().trailers());
    judge_by_trailers(*host);
  }
  // An answer that came before the request was out leaves both connections in the middle of a message.
  content_scope_.cancel();
  // After a switch of protocols that was refused nobody knows what the upstream takes the next bytes for.
  const bool asked_to_switch =
      !state_.request.upgrade.empty() || state_.request.method_kind == protocol::Method::kConnect;
  if (content_is_out_ && state_.response.keep_alive && !asked_to_switch) {
    cluster_->give_back(*host, std::move(attempt.request), worker_.reactor().now());
  }
  co_return content_is_out_ ? ExchangeEnd::kReusable : ExchangeEnd::kClose;
}

runtime::Task<ExchangeEnd> Forwarder::open_tunnel(UpstreamRequest& upstream) {
  net::Stream* client = down_.tunnel_stream();
  runtime::Transfer::State sent;
  while ((sent = down_.sink().try_flush()) == runtime::Transfer::State::kWouldBlock) {
    if (!co_await down_.sink().writable().wait(idle_deadline())) co_return ExchangeEnd::kAbort;
  }
  if (sent == runtime::Transfer::State::kFailed || client == nullptr) co_return ExchangeEnd::kAbort;
  TunnelOptions options;
  options.early_from_client = down_.early_bytes();
  options.early_from_upstream = upstream.early_bytes();
  options.idle_timeout = forward_.idle_timeout.value_or(Duration::zero());
  TunnelResult result;
  co_await relay(*client, upstream.tunnel(), options, result);
  state_.record.request_bytes += result.from_client;
  state_.record.response_bytes += result.from_upstream;
  co_return result.client_failed || result.upstream_failed || result.timed_out ? ExchangeEnd::kAbort
                                                                               : ExchangeEnd::kClose;
}

}  // namespace ripstop::proxy
