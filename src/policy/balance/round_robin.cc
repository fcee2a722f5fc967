#include "policy/balance/round_robin.h"

#include "policy/balance/schedule.h"
#include "policy/balance/weights.h"

namespace ripstop::policy {
namespace {

class RoundRobin final : public Balancer {
 public:
  void begin(std::span<Host* const> hosts, Random& random) override {
    hosts_ = hosts;
    next_ = random.below(hosts.size());
    schedule_ = {};
    if (!have_equal_weights(hosts)) schedule_.assign(weights_of(hosts), random);
  }

  Host& pick(Random& /*random*/) override {
    if (!schedule_.is_empty()) {
      Host& host = *hosts_[schedule_.top()];
      schedule_.advance(host.weight());
      return host;
    }
    Host& host = *hosts_[next_];
    if (++next_ == hosts_.size()) next_ = 0;
    return host;
  }

 private:
  std::span<Host* const> hosts_;
  size_t next_ = 0;
  Schedule schedule_;
};

}  // namespace

std::unique_ptr<Balancer> make_round_robin(const BalancerSettings& /*settings*/) {
  return std::make_unique<RoundRobin>();
}

}  // namespace ripstop::policy
