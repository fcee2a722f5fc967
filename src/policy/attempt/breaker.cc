#include "policy/attempt/breaker.h"

#include <limits>

namespace ripstop::policy {
namespace {

constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

}  // namespace

Breaker::Breaker(const model::CircuitBreaker& limits)
    : limits_{limits.max_connections, limits.max_pending_requests, limits.max_requests, limits.max_retries} {}

Breaker::Permit Breaker::acquire(Resource resource) {
  const auto index = static_cast<size_t>(resource);
  const uint32_t limit = limits_[index];
  if (limit == kNoLimit) return Permit(nullptr);
  std::atomic<uint32_t>& taken = taken_[index];
  uint32_t seen = taken.load(std::memory_order_relaxed);
  while (seen < limit) {
    if (taken.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return Permit(&taken);
  }
  return {};
}

void Breaker::Permit::release() {
  if (slots_ != nullptr) slots_->fetch_sub(1, std::memory_order_relaxed);
  slots_ = nullptr;
  granted_ = false;
}

uint32_t Breaker::in_use(Resource resource) const {
  return taken_[static_cast<size_t>(resource)].load(std::memory_order_relaxed);
}

bool Breaker::is_open(Resource resource) const {
  const uint32_t limit = limits_[static_cast<size_t>(resource)];
  return limit != kNoLimit && in_use(resource) >= limit;
}

}  // namespace ripstop::policy
