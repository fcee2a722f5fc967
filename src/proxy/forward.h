// Sends a routed request to an upstream and its answer back: a loop over attempts.
#pragma once

#include <memory>
#include <optional>

#include "policy/attempt/retry.h"
#include "proxy/content.h"
#include "proxy/exchange.h"
#include "proxy/rescue.h"
#include "proxy/upstream/upstream_cluster.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class Forwarder {
 public:
  struct Input {
    Worker& worker;
    Downstream& down;
    ConnectionFacts& facts;
    ExchangeState& state;
    const HttpSettings& http;
    const policy::CompiledRoute& route;  // its action is a Forward
  };

  explicit Forwarder(const Input& in);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  runtime::Task<ExchangeEnd> run();

 private:
  struct Attempt {
    policy::AttemptOutcome outcome;
    Trouble trouble = Trouble::kUpstreamReset;
    bool client_is_gone = false;
    bool is_clients_fault = false;  // its content broke the rules or stalled: the client is told and nothing repeated
    UpstreamRequestPtr request;
  };

  Status prepare_request();
  void set_deadline();
  void apply_edits(const policy::HeaderEditList& edits, protocol::Fields& fields) const;
  [[nodiscard]] TimePoint try_deadline(TimePoint now) const;

  runtime::Task<Attempt> attempt(policy::HostRef host, bool fresh);
  runtime::Task<Attempt> exchange_heads(UpstreamRequestPtr up, TimePoint deadline);
  runtime::Task<void> send_content(UpstreamRequest& to);
  runtime::Task<bool> pass_interim();
  runtime::Task<runtime::Woken> wait_for_upstream(UpstreamRequest& from, TimePoint deadline);
  [[nodiscard]] bool client_is_gone(runtime::Woken woken);
  Attempt not_connected(const Error& error, TimePoint deadline);
  Attempt failed(policy::AttemptOutcome::Kind kind, Trouble trouble) const;
  [[nodiscard]] Attempt content_failure() const;
  void queue_head(UpstreamRequest& to);
  void introduce(const UpstreamRequest& to);
  Attempt answered(UpstreamRequestPtr request) const;
  Attempt broken(const UpstreamRequest& from, const HeadStep& step);
  [[nodiscard]] Attempt cannot_switch();
  [[nodiscard]] bool is_switch_proven(const UpstreamRequest& from) const;
  void judge(policy::Host& host, const Attempt& attempt);

  void prepare_response();
  void judge_by_trailers(policy::Host& host);
  void note_grpc_status(const protocol::Fields& fields);
  runtime::Task<ExchangeEnd> relay_response(Attempt attempt, policy::HostRef host);
  runtime::Task<PumpState> relay_content(UpstreamRequest& from);
  void note_broken_response(PumpState state);
  runtime::Task<ExchangeEnd> open_tunnel(UpstreamRequest& upstream);
  runtime::Task<ExchangeEnd> reply(const Rescue& what);
  [[nodiscard]] TimePoint idle_deadline() const;

  Worker& worker_;
  Downstream& down_;
  ConnectionFacts& facts_;
  ExchangeState& state_;
  const HttpSettings& http_;
  const policy::CompiledRoute& route_;
  const model::Forward& forward_;
  const policy::ClusterChoice* choice_ = nullptr;
  std::shared_ptr<UpstreamCluster> cluster_;
  ClusterSettingsRef settings_;
  std::optional<ReplayableContent> content_;
  bool content_is_out_ = false;                     // all of the request has been sent
  bool content_failed_ = false;                     // it will never be
  Trouble content_trouble_ = Trouble::kRequestCut;  // why
  protocol::Fault content_fault_ = protocol::Fault::kNone;
  bool watches_client_ = true;
  TimePoint last_activity_{};
  TimePoint deadline_ = kNever;
  runtime::Scope content_scope_;  // last: its task refers to all of the above
};

}  // namespace ripstop::proxy
