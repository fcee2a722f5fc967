#include "proxy/upstream/upstream_connection.h"

#include <utility>

#include "proxy/upstream/upstream_cluster.h"

namespace ripstop::proxy {
namespace {

// Responses are read under these budgets; path rules do not concern them.
const protocol::RequestRules& response_rules() {
  static const protocol::RequestRules rules;
  return rules;
}

}  // namespace

ConnectionSlot::ConnectionSlot(UpstreamCluster& cluster, policy::Breaker::Permit permit,
                               std::shared_ptr<uint32_t> taken)
    : cluster_(cluster.weak_from_this()),
      breaker_(cluster.settings().breaker),
      permit_(std::move(permit)),
      taken_(std::move(taken)) {
  ++*taken_;
}

ConnectionSlot::~ConnectionSlot() {
  if (!taken_) return;
  --*taken_;
  permit_.release();
  offer();
}

void ConnectionSlot::offer() const {
  if (const auto cluster = cluster_.lock()) cluster->wake_one();
}

UpstreamConnection::UpstreamConnection(net::StreamPtr to, ConnectionSlot place)
    : slot(std::move(place)), stream(std::move(to)), reader(*stream, response_rules()), writer(*stream) {}

void UpstreamConnection::queue_head(const protocol::RequestHead& head) {
  ++requests;
  had_interim = false;
  writer.queue_head(head, protocol::ConnectionSignal::kNone);
}

HeadStep UpstreamConnection::try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) {
  if (std::exchange(had_interim, false)) reader.skip_interim();
  HeadStep step = reader.try_head(head, context);
  if (step.state == HeadStep::State::kDone) had_interim = head.interim;
  const bool is_over = step.state == HeadStep::State::kEnd || step.state == HeadStep::State::kCut;
  // The pool may have handed it out while the peer was closing it.
  if (is_over && requests > 1) step.retry = Retry::kIfReused;
  return step;
}

}  // namespace ripstop::proxy
