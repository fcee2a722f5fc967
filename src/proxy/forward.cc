#include "proxy/forward.h"

#include <algorithm>

#include "policy/route/rewrite.h"
#include "protocol/grpc_status.h"
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
