// Circuit-breaker thresholds of one cluster, shared by all workers: how many connections, waiting requests, running
// requests and retries there may be at once. One more than a limit is refused at once (503, flag UO).
//
// Thread-safe; relaxed atomics. The limit holds exactly, also between workers: a slot is taken before it is used. A
// resource without a limit is not counted and costs a comparison.
//
// The breaker belongs to the cluster's snapshot, which a permit's holder keeps alive. A cluster that is updated starts
// with a new breaker, as in Envoy: what ran before the update does not count against it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "model/cluster.h"

namespace ripstop::policy {

enum class Resource : uint8_t {
  // A pool with no connection at all may open one without a permit, as Envoy's do; that is the pool's decision.
  kConnections,
  kPendingRequests,  // waiting for a connection
  kRequests,         // on a connection
  kRetries,          // from the decision to retry until that attempt is over
};

class Breaker {
 public:
  // Gives its slot back when it dies. Movable; empty after a refusal.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), granted_(std::exchange(other.granted_, false)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(slots_, other.slots_);
      std::swap(granted_, other.granted_);
      return *this;
    }
    ~Permit() { release(); }
    // False: the limit is reached.
    explicit operator bool() const { return granted_; }
    void release();

   private:
    friend class Breaker;
    explicit Permit(std::atomic<uint32_t>* slots) : slots_(slots), granted_(true) {}
    std::atomic<uint32_t>* slots_ = nullptr;  // nullptr when nothing is counted
    bool granted_ = false;
  };

  // A limit of 0xFFFFFFFF means none.
  explicit Breaker(const model::CircuitBreaker& limits);

  [[nodiscard]] Permit acquire(Resource resource);
  // Slots taken; 0 for a resource without a limit.
  [[nodiscard]] uint32_t in_use(Resource resource) const;
  // No slot left: Envoy's gauges rq_open, cx_open and so on.
  [[nodiscard]] bool is_open(Resource resource) const;

 private:
  static constexpr size_t kResources = 4;
  std::array<uint32_t, kResources> limits_;
  std::array<std::atomic<uint32_t>, kResources> taken_{};
};

}  // namespace ripstop::policy
