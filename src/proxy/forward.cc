#include "proxy/forward.h"

#include <algorithm>
#include <charconv>

#include "policy/route/rewrite.h"
#include "protocol/grpc_status.h"
#include "proxy/listener/tunnel.h"
#include "proxy/request_headers.h"
#include "proxy/worker/worker.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {

using protocol::FieldId;
using Kind = policy::AttemptOutcome::Kind;

Forwarder::Forwarder(const Input& in)
    : worker_(in.worker),
      down_(in.down),
      facts_(in.facts),
      state_(in.state),
      http_(in.http),
      route_(in.route),
      forward_(std::get<model::Forward>(in.route.route->action)) {}

runtime::Task<ExchangeEnd> Forwarder::run() {
  choice_ = &policy::choose_cluster(route_, worker_.splits());
  cluster_ = worker_.find_cluster(choice_->cluster->cluster);
  if (!cluster_) co_return co_await reply(rescue(Trouble::kClusterNotFound));
  settings_ = cluster_->shared_settings();
  state_.cluster = settings_;
  state_.record.cluster = settings_->model.get();
  const policy::Breaker::Permit permit = settings_->breaker->acquire(policy::Resource::kRequests);
  if (!permit) co_return co_await reply(rescue(Trouble::kOverflow));
  if (Status prepared = prepare_request(); !prepared) co_return co_await reply(rescue(Trouble::kRewriteFailed));

  set_deadline();
  policy::Retries retries(route_.retry, *settings_->breaker);
  const bool may_repeat = route_.retry != nullptr && route_.retry->retries > 0;
  content_.emplace(down_.body(), state_.replay, state_.record.request_bytes, may_repeat);
  const uint32_t picks = route_.retry != nullptr ? route_.retry->host_selection_attempts : 1;
  for (bool fresh = false;;) {
    const bool avoids = route_.retry != nullptr && route_.retry->avoid_previous_hosts;
    const policy::PickContext context{
        avoids ? std::span<const policy::Host* const>(state_.tried) : std::span<const policy::Host* const>(), picks};
    policy::HostRef host = cluster_->pick(context, facts_.has_original_destination ? facts_.local : SocketAddress{});
    if (!host) co_return co_await reply(rescue(Trouble::kNoHealthyUpstream));
    state_.tried.push_back(host.get());
    state_.endpoint = host->endpoint;
    state_.record.endpoint = state_.endpoint.get();
    const policy::ActiveRequest active(*host);
    last_activity_ = worker_.reactor().now();
    Attempt attempt = co_await this->attempt(host, fresh);
    if (attempt.client_is_gone) {
      state_.record.add_flag(ResponseFlag::kDownstreamTermination);
      state_.record.details = "downstream_remote_disconnect";
      co_return ExchangeEnd::kAbort;
    }
    if (attempt.is_clients_fault) {
      content_scope_.cancel();
      co_return co_await reply(client_fault(content_trouble_, content_fault_));
    }
    judge(*host, attempt);
    const policy::RetryDecision decision = retries.decide(attempt.outcome, worker_.random());
    if (decision.verdict == policy::RetryDecision::Verdict::kRetry) {
      content_scope_.cancel();
      content_->rewind();
      content_is_out_ = false;
      fresh = decision.needs_fresh_connection;
      attempt.request.reset();
      co_await runtime::sleep_for(decision.pause);
      continue;
    }
    if (decision.verdict == policy::RetryDecision::Verdict::kLimit) {
      state_.record.add_flag(ResponseFlag::kUpstreamRetryLimit);
    }
    if (attempt.outcome.kind == Kind::kResponse) co_return co_await relay_response(std::move(attempt), std::move(host));
    co_return co_await reply(rescue(attempt.trouble));
  }
}

void Forwarder::set_deadline() {
  std::optional<Duration> timeout = forward_.timeout;
  const auto asked = state_.record.is_grpc && forward_.grpc_timeout_max
                         ? state_.request.fields.find(FieldId::kGrpcTimeout)
                         : std::nullopt;
  if (const auto own = asked ? protocol::parse_grpc_timeout(*asked) : std::nullopt) {
    timeout = std::max<Duration>(std::chrono::duration_cast<Duration>(*own), Duration(1));
    if (*forward_.grpc_timeout_max > Duration::zero()) timeout = std::min(*timeout, *forward_.grpc_timeout_max);
  }
  if (timeout) deadline_ = deadline_after(state_.record.start, *timeout);
}

// All edits are made once: what an attempt adds of its own (attempt count, peer) it replaces or takes back itself.
Status Forwarder::prepare_request() {
  protocol::RequestHead& request = state_.request;
  apply_edits(choice_->request_edits, request.fields);
  auto path = policy::rewrite_path(route_, request.path, state_.path_text);
  if (!path) return fail_with(path);
  if (*path != request.path) {
    state_.scratch.assign(request.path).append(request.query);
    static_cast<void>(request.fields.set(FieldId::kXEnvoyOriginalPath, state_.scratch));
    const std::string rewritten(*path);
    request.set_path(rewritten);
  }
  const std::string& host =
      !choice_->cluster->host_rewrite.empty() ? choice_->cluster->host_rewrite : forward_.host_rewrite;
  if (!host.empty()) request.set_authority(host);
  return {};
}

void Forwarder::apply_edits(const policy::HeaderEditList& edits, protocol::Fields& fields) const {
  for (const policy::HeaderEdit& edit : edits) {
    switch (edit.kind) {
      case policy::HeaderEdit::Kind::kRemove:
        fields.drop(edit.name);
        break;
      case policy::HeaderEdit::Kind::kSet:
        static_cast<void>(fields.set(edit.name, edit.value));
        break;
      case policy::HeaderEdit::Kind::kAdd:
        static_cast<void>(fields.append(edit.name, edit.value));
        break;
    }
  }
}

TimePoint Forwarder::try_deadline(TimePoint now) const {
  if (route_.retry == nullptr || !route_.retry->per_try_timeout) return deadline_;
  return std::min(deadline_, deadline_after(now, *route_.retry->per_try_timeout));
}

TimePoint Forwarder::idle_deadline() const {
  const auto idle = forward_.idle_timeout ? forward_.idle_timeout : http_.model->stream_idle_timeout;
  if (!idle) return deadline_;
  return std::min(deadline_, deadline_after(last_activity_, *idle));
}

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

void Forwarder::judge(policy::Host& host, const Attempt& attempt) {
  policy::HostOutcome outcome;
  switch (attempt.outcome.kind) {
    case Kind::kResponse:
      if (state_.record.is_grpc && attempt.outcome.status == 200 && !attempt.outcome.grpc_status)
        return;  // its trailers tell
      outcome.status = attempt.outcome.status;
      if (const auto grpc = attempt.outcome.grpc_status) {
        outcome.status = protocol::http_status_of_grpc(static_cast<protocol::GrpcStatus>(*grpc));
      }
      break;
    case Kind::kPerTryTimeout:
      outcome.kind = policy::HostOutcome::Kind::kTimeout;
      break;
    case Kind::kOverflow:
      return;
    default:
      outcome.kind = policy::HostOutcome::Kind::kFailed;
  }
  cluster_->record(host, outcome, worker_.reactor().now());
}

runtime::Task<ExchangeEnd> Forwarder::reply(const Rescue& what) {
  last_activity_ = worker_.reactor().now();
  queue_local_reply(down_, state_, what, http_.model->server_name);
  down_.sink().queue_end(protocol::Fields{});
  runtime::Transfer::State sent;
  while ((sent = down_.sink().try_flush()) == runtime::Transfer::State::kWouldBlock) {
    if (!co_await down_.sink().writable().wait(idle_deadline())) co_return ExchangeEnd::kAbort;
  }
  if (sent == runtime::Transfer::State::kFailed) co_return ExchangeEnd::kAbort;
  co_return down_.is_request_complete() ? ExchangeEnd::kReusable : ExchangeEnd::kClose;
}

}  // namespace ripstop::proxy
