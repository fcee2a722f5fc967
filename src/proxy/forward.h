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
    UpstreamConnectionPtr connection;
  };

  Status prepare_request();
  void apply_edits(const policy::HeaderEditList& edits, protocol::Fields& fields) const;
  [[nodiscard]] TimePoint try_deadline(TimePoint now) const;

  runtime::Task<Attempt> attempt(policy::HostRef host, bool fresh);
  runtime::Task<Attempt> exchange_heads(UpstreamConnectionPtr connection, bool reused, TimePoint deadline);
  runtime::Task<void> finish_request(UpstreamConnection& connection);
  runtime::Task<bool> pass_interim(UpstreamConnection& connection);
  runtime::Task<runtime::Woken> wait_for_head(UpstreamConnection& connection, TimePoint deadline);
  Attempt failed(policy::AttemptOutcome::Kind kind, Trouble trouble) const;
  [[nodiscard]] Attempt content_failure() const;
  void queue_head(UpstreamConnection& to);
  Attempt answered(UpstreamConnectionPtr connection) const;
  Attempt broken(const UpstreamConnection& connection, bool reused, const HeadStep& step);
  void judge(policy::Host& host, const Attempt& attempt);

  void prepare_response();
  runtime::Task<ExchangeEnd> relay_response(Attempt attempt, policy::HostRef host);
  runtime::Task<ExchangeEnd> open_tunnel(UpstreamConnection& connection);
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
  TimePoint deadline_ = kNever;
  runtime::Scope content_scope_;  // last: its task refers to all of the above
};

}  // namespace ripstop::proxy
