#include "proxy/listener/refusal.h"

#include "base/log.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kLogPeriod = std::chrono::seconds(10);
constexpr unsigned kLinesPerPeriod = 10;

Counter& counter(WorkerCounters& counters, Refusal refusal) {
  switch (refusal) {
    case Refusal::kOverLimit:
      return counters.refused_over_limit;
    case Refusal::kNoFilterChain:
      return counters.refused_without_chain;
    case Refusal::kCertificate:
      return counters.refused_certificates;
    case Refusal::kHandshake:
      break;
  }
  return counters.failed_handshakes;
}

}  // namespace

Refusal refusal_of(const Error& handshake) {
  return handshake.code == ErrorCode::kPermissionDenied ? Refusal::kCertificate : Refusal::kHandshake;
}

void note_refusal(Worker& worker, Refusal refusal, const std::string& listener, const SocketAddress& peer,
                  const std::string& reason) {
  static thread_local TimePoint period_end{};
  static thread_local unsigned lines = 0;
  counter(worker.counters(), refusal).add();
  const TimePoint now = worker.reactor().now();
  if (now >= period_end) {
    period_end = now + kLogPeriod;
    lines = 0;
  }
  if (++lines > kLinesPerPeriod) return;
  log::info("proxy.listener", listener + ": connection of " + peer.to_string() + " refused: " + reason);
}

}  // namespace ripstop::proxy
