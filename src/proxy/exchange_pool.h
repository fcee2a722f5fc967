// Exchange states that wait for their next request. One pool per worker.
#pragma once

#include <memory>
#include <vector>

namespace ripstop::proxy {

struct ExchangeState;

class ExchangePool {
 public:
  struct GiveBack {
    ExchangePool* pool;
    void operator()(ExchangeState* state) const;
  };
  using Ref = std::unique_ptr<ExchangeState, GiveBack>;

  ExchangePool();
  ~ExchangePool();
  // Cleared. Must be given back before the pool is destroyed.
  [[nodiscard]] Ref take();

 private:
  std::vector<std::unique_ptr<ExchangeState>> idle_;
};

}  // namespace ripstop::proxy
