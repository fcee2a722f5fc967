#include "policy/balance/random_choice.h"

#include <vector>

#include "policy/balance/weights.h"

namespace ripstop::policy {
namespace {

class RandomChoice final : public Balancer {
 public:
  void begin(std::span<Host* const> hosts, Random& /*random*/) override {
    hosts_ = hosts;
    cumulative_.clear();
    if (have_equal_weights(hosts)) return;
    cumulative_.reserve(hosts.size());
    uint64_t total = 0;
    for (const Host* host : hosts) cumulative_.push_back(total += host->weight());
  }

  Host& pick(Random& random) override {
    if (cumulative_.empty()) return *hosts_[random.below(hosts_.size())];
    const uint64_t drawn = random.below(cumulative_.back());
    return *hosts_[static_cast<size_t>(std::ranges::upper_bound(cumulative_, drawn) - cumulative_.begin())];
  }

 private:
  std::span<Host* const> hosts_;
  std::vector<uint64_t> cumulative_;
};

}  // namespace

std::unique_ptr<Balancer> make_random_choice(const BalancerSettings& /*settings*/) {
  return std::make_unique<RandomChoice>();
}

}  // namespace ripstop::policy
