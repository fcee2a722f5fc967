#include "policy/balance/balancer.h"

#include <algorithm>

#include "policy/balance/least_request.h"
#include "policy/balance/random_choice.h"
#include "policy/balance/round_robin.h"

namespace ripstop::policy {
namespace {

using Make = std::unique_ptr<Balancer> (*)(const BalancerSettings&);

struct Entry {
  model::Balancing kind;
  Make make;
};

constexpr Entry kBalancers[] = {
    {model::Balancing::kRoundRobin, make_round_robin},
    {model::Balancing::kLeastRequest, make_least_request},
    {model::Balancing::kRandom, make_random_choice},
    {model::Balancing::kClusterProvided, make_round_robin},
};

}  // namespace

std::unique_ptr<Balancer> make_balancer(const BalancerSettings& settings) {
  const auto* found = std::ranges::find(kBalancers, settings.kind, &Entry::kind);
  return found->make(settings);
}

}  // namespace ripstop::policy
