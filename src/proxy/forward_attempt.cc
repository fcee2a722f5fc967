// One attempt: a connection, the request's head and content on their way, and the head of the answer.
#include <charconv>

#include "protocol/grpc_status.h"
#include "proxy/forward.h"
#include "proxy/request_headers.h"
#include "proxy/worker/worker.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {

using protocol::FieldId;
using Kind = policy::AttemptOutcome::Kind;

Forwarder::Attempt Forwarder::failed(Kind kind, Trouble trouble) const {
  Attempt attempt;
  attempt.outcome.kind = kind;
  attempt.outcome.can_replay = content_->can_replay();
  attempt.outcome.is_idempotent = policy::is_idempotent(state_.request.method);
  attempt.trouble = trouble;
  return attempt;
}

runtime::Task<Forwarder::Attempt> Forwarder::attempt(policy::HostRef host, bool fresh) {
  ++state_.record.attempts;
  const TimePoint deadline = try_deadline(worker_.reactor().now());
  const protocol::RequestHead& request = state_.request;
  const UpstreamCluster::Wanted wanted{
      .version = state_.client_version,
      .is_switch = !request.upgrade.empty() || request.method_kind == protocol::Method::kConnect,
      .is_fresh = fresh};
  UpstreamRequestPtr up = cluster_->try_request(*host, wanted);
  if (!up) {
    auto made = co_await cluster_->request(host, wanted, deadline);
    if (!made) co_return not_connected(made.error(), deadline);
    up = std::move(*made);
  }
  if (net::Http2Connection* shared = request.upgrade.empty() ? nullptr : up->shared_connection()) {
    if (!co_await shared->settle(deadline) || !shared->takes_extended_connect()) co_return cannot_switch();
  }
  co_return co_await exchange_heads(std::move(up), deadline);
}

// The request is told so; the host has done nothing wrong.
Forwarder::Attempt Forwarder::cannot_switch() {
  content_trouble_ = Trouble::kUpgradeRefused;
  return content_failure();
}

Forwarder::Attempt Forwarder::not_connected(const Error& error, TimePoint deadline) {
  if (error.origin == ErrorOrigin::kPolicy) return failed(Kind::kOverflow, Trouble::kOverflow);
  state_.failure = error.message;
  state_.record.transport_failure = state_.failure;
  if (worker_.reactor().now() >= deadline) {
    const bool is_whole = deadline == deadline_;
    return failed(Kind::kPerTryTimeout, is_whole ? Trouble::kUpstreamTimeout : Trouble::kUpstreamPerTryTimeout);
  }
  const bool is_security = error.code == ErrorCode::kTls || error.code == ErrorCode::kPermissionDenied;
  return failed(Kind::kConnectFailure, is_security                         ? Trouble::kUpstreamSecurity
                                       : error.code == ErrorCode::kTimeout ? Trouble::kConnectTimeout
                                                                           : Trouble::kConnectFailed);
}

// What went wrong with the client's side of the request.
Forwarder::Attempt Forwarder::content_failure() const {
  if (content_trouble_ == Trouble::kUpstreamTimeout) return failed(Kind::kPerTryTimeout, content_trouble_);
  Attempt gone = failed(Kind::kReset, content_trouble_);
  gone.client_is_gone = content_trouble_ == Trouble::kRequestCut;
  gone.is_clients_fault = !gone.client_is_gone;
  return gone;
}

// What only another sidecar is to know; it takes these fields away.
void Forwarder::introduce(const UpstreamRequest& to) {
  const net::Stream* transport = to.transport();
  const net::TlsSession* tls = transport == nullptr ? nullptr : transport->tls();
  if (tls == nullptr || !tls->alpn.starts_with("istio")) return;
  protocol::Fields& fields = state_.request.fields;
  const bool is_new = to.is_introduction() && !tls->local_uri.empty() && !worker_.own_labels().empty();
  if (is_new) static_cast<void>(fields.set(FieldId::kXRipstopPeer, worker_.own_labels()));
  const bool wants_http2 = settings_->model->protocol == model::UpstreamProtocol::kHttp2;
  const bool speaks_http2 = wants_http2 || state_.client_version == protocol::Version::kHttp2;
  if (speaks_http2 == (to.version() == protocol::Version::kHttp2)) return;
  static_cast<void>(fields.set(FieldId::kXRipstopVersion, speaks_http2 ? "2" : "1.1"));
}

void Forwarder::queue_head(UpstreamRequest& to) {
  protocol::RequestHead& request = state_.request;
  if (route_.virtual_host->include_attempt_count) {
    char text[12];
    const char* end = std::to_chars(text, text + sizeof text, state_.record.attempts).ptr;
    static_cast<void>(request.fields.set(FieldId::kXEnvoyAttemptCount, {text, static_cast<size_t>(end - text)}));
  }
  introduce(to);
  const bool turns_version = request.version == protocol::Version::kHttp2 && to.version() != protocol::Version::kHttp2;
  if (turns_version && !request.upgrade.empty()) complete_websocket(request, worker_.random());
  to.queue_head(request);
  request.fields.drop(FieldId::kXRipstopPeer);
  request.fields.drop(FieldId::kXRipstopVersion);
  if (!request.expects_continue) return;
  protocol::ResponseHead go_on;
  go_on.status = 100;
  go_on.interim = true;
  down_.queue_interim(go_on);
  static_cast<void>(down_.sink().try_flush());
  request.expects_continue = false;
}

Forwarder::Attempt Forwarder::broken(const UpstreamRequest& from, const HeadStep& step) {
  const bool is_fault = step.state == HeadStep::State::kFault;
  const bool is_reset = step.state == HeadStep::State::kReset;
  const bool is_refused = step.retry == Retry::kSafe;
  Attempt attempt = failed(is_refused ? Kind::kRefusedStream : Kind::kReset, is_fault   ? Trouble::kUpstreamProtocol
                                                                             : is_reset ? Trouble::kUpstreamRemoteReset
                                                                                        : Trouble::kUpstreamReset);
  attempt.outcome.connection_was_reused = step.retry == Retry::kIfReused;
  attempt.outcome.request_started = !is_refused;
  state_.failure = is_fault ? std::string(protocol::token(step.fault)) : from.failure();
  state_.record.transport_failure = state_.failure;
  return attempt;
}

Forwarder::Attempt Forwarder::answered(UpstreamRequestPtr request) const {
  Attempt attempt = failed(Kind::kResponse, Trouble::kUpstreamReset);
  attempt.outcome.status = state_.response.status;
  if (const auto grpc = state_.response.fields.find(FieldId::kGrpcStatus)) {
    if (const auto status = protocol::parse_grpc_status(*grpc)) {
      attempt.outcome.grpc_status = static_cast<uint32_t>(*status);
    }
  }
  attempt.outcome.is_rate_limited = state_.response.fields.has(FieldId::kXEnvoyRatelimited);
  attempt.request = std::move(request);
  return attempt;
}

runtime::Task<Forwarder::Attempt> Forwarder::exchange_heads(UpstreamRequestPtr up, TimePoint deadline) {
  const protocol::RequestHead& request = state_.request;
  if (up->transport() != nullptr) state_.record.upstream_local = up->transport()->local_address();
  queue_head(*up);
  co_await runtime::turn_end(runtime::Towards::kUpstream);
  content_failed_ = false;
  // Most requests have none, and then there is nothing to wait for.
  content_is_out_ = request.framing.kind == protocol::BodyFraming::Kind::kNone &&
                    try_pump(*content_, up->sink(), *content_).state == PumpState::kDone;
  if (!content_is_out_) content_scope_.spawn(send_content(*up));

  for (;;) {
    const HeadStep step =
        up->try_head(state_.response, {.request_method = request.method_kind, .request_upgrade = request.upgrade});
    if (step.state == HeadStep::State::kWouldBlock) {
      if (content_failed_) co_return content_failure();
      const runtime::Woken woken = co_await wait_for_upstream(*up, deadline);
      if (woken == runtime::Woken::kTimedOut) {
        const bool is_whole = deadline == deadline_;
        co_return failed(Kind::kPerTryTimeout, is_whole ? Trouble::kUpstreamTimeout : Trouble::kUpstreamPerTryTimeout);
      }
      if (client_is_gone(woken)) {
        Attempt gone = failed(Kind::kReset, Trouble::kRequestCut);
        gone.client_is_gone = true;
        co_return gone;
      }
      continue;
    }
    if (step.state == HeadStep::State::kDone && !is_switch_proven(*up)) {
      co_return broken(*up, {.state = HeadStep::State::kFault, .fault = protocol::Fault::kSwitchUnproven});
    }
    if (step.state != HeadStep::State::kDone) co_return broken(*up, step);
    if (!state_.response.interim) co_return answered(std::move(up));
    if (!co_await pass_interim()) co_return failed(Kind::kReset, Trouble::kRequestCut);
  }
}

// The key was ours where the client had none.
bool Forwarder::is_switch_proven(const UpstreamRequest& from) const {
  const protocol::RequestHead& request = state_.request;
  const bool is_key_ours = request.version == protocol::Version::kHttp2 && from.version() != protocol::Version::kHttp2;
  return !is_key_ours || !state_.response.tunnel || answers_key(state_.response, request);
}

// Runs beside the wait for the response, which may come first.
runtime::Task<void> Forwarder::send_content(UpstreamRequest& to) {
  for (;;) {
    const PumpStep step = try_pump(*content_, to.sink(), *content_);
    switch (step.state) {
      case PumpState::kDone:
        content_is_out_ = true;
        co_return;
      case PumpState::kWaitForSource:
        if (co_await content_->readable().wait(idle_deadline())) {
          last_activity_ = worker_.reactor().now();
          continue;
        }
        if (worker_.reactor().now() < idle_deadline()) continue;
        content_trouble_ = Trouble::kStreamIdle;
        break;
      case PumpState::kWaitForSink:
        if (co_await to.sink().writable().wait(idle_deadline())) {
          last_activity_ = worker_.reactor().now();
          continue;
        }
        if (worker_.reactor().now() < idle_deadline()) continue;
        content_trouble_ = Trouble::kUpstreamTimeout;
        break;
      case PumpState::kSinkFailed:
        co_return;  // the upstream may have answered before it closed: reading will tell
      case PumpState::kSourceFault:
        content_trouble_ = Trouble::kRequestBody;
        content_fault_ = step.fault;
        break;
      case PumpState::kSourceCut:
        content_trouble_ = Trouble::kRequestCut;
        break;
    }
    content_failed_ = true;
    co_return;
  }
}

// While the content is still under way its own coroutine waits for the client; afterwards the client is watched here,
// so that a request nobody waits for any more is given up.
runtime::Task<runtime::Woken> Forwarder::wait_for_upstream(UpstreamRequest& from, TimePoint deadline) {
  runtime::Event& answer = from.readable();
  if (content_scope_.size() != 0) co_return co_await runtime::wait_either(answer, content_scope_.emptied(), deadline);
  if (!content_is_out_ || !watches_client_) {
    const bool came = co_await answer.wait(deadline);
    co_return came ? runtime::Woken::kFirst : runtime::Woken::kTimedOut;
  }
  const runtime::Woken woken = co_await runtime::wait_either(answer, down_.activity(), deadline);
  if (woken == runtime::Woken::kSecond) watches_client_ = false;
  co_return woken;
}

bool Forwarder::client_is_gone(runtime::Woken woken) {
  return woken == runtime::Woken::kSecond && content_is_out_ && down_.probe_is_gone();
}

runtime::Task<bool> Forwarder::pass_interim() {
  if (state_.response.status == 100 || state_.request.version == protocol::Version::kHttp10) co_return true;
  last_activity_ = worker_.reactor().now();
  down_.queue_interim(state_.response);
  runtime::Transfer::State sent;
  while ((sent = down_.sink().try_flush()) == runtime::Transfer::State::kWouldBlock) {
    if (!co_await down_.sink().writable().wait(idle_deadline())) co_return false;
  }
  co_return sent == runtime::Transfer::State::kDone;
}

}  // namespace ripstop::proxy
