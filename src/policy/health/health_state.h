// What the results of its active health checks make of one host. As in Envoy: a host that has not been checked yet is
// failing, its first success counts at once, and an answer that says no is believed at once.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "model/health_check.h"

namespace ripstop::policy {

enum class HealthProbe : uint8_t {
  kPassed,
  kRefused,      // the host answered, and not as it should
  kUnreachable,  // no connection, no answer or none in time: counts towards the threshold
};

class HealthState {
 public:
  // Whether the host is judged otherwise than before.
  bool record(HealthProbe result, const model::HealthCheck& check);
  [[nodiscard]] bool is_passing() const { return is_passing_; }
  // It has been checked at least once.
  [[nodiscard]] bool is_known() const { return is_known_; }

 private:
  bool is_passing_ = false;
  bool is_known_ = false;
  uint32_t passed_ = 0;  // in a row, while failing
  uint32_t failed_ = 0;  // in a row, while passing
};

// Until the next check.
[[nodiscard]] Duration pause_before_check(const model::HealthCheck& check, bool is_passing, Random& random);

}  // namespace ripstop::policy
