#include "policy/balance/least_request.h"

#include "policy/balance/schedule.h"
#include "policy/balance/weights.h"

namespace ripstop::policy {
namespace {

class LeastRequest final : public Balancer {
 public:
  explicit LeastRequest(uint32_t choices) : choices_(std::max(choices, 1U)) {}

  void begin(std::span<Host* const> hosts, Random& random) override {
    hosts_ = hosts;
    schedule_ = {};
    if (!have_equal_weights(hosts)) schedule_.assign(weights_of(hosts), random);
  }

  Host& pick(Random& random) override {
    if (!schedule_.is_empty()) {
      Host& host = *hosts_[schedule_.top()];
      schedule_.advance(host.weight(), host.active_requests + 1);
      return host;
    }
    Host* best = hosts_[random.below(hosts_.size())];
    for (uint32_t drawn = 1; drawn < choices_; ++drawn) {
      Host* other = hosts_[random.below(hosts_.size())];
      if (other->active_requests < best->active_requests) best = other;
    }
    return *best;
  }

 private:
  std::span<Host* const> hosts_;
  uint32_t choices_;
  Schedule schedule_;
};

}  // namespace

std::unique_ptr<Balancer> make_least_request(const BalancerSettings& settings) {
  return std::make_unique<LeastRequest>(settings.choices);
}

}  // namespace ripstop::policy
