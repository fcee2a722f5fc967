// Passive health checking: a host that fails several times in a row is left out for a while. Follows Envoy's outlier
// detection (consecutive detectors only).
//
//   5xx           responses of 500 to 599 in a row
//   gateway       responses of 502, 503, 504 in a row
//   local origin  attempts in a row that got no response: connect failure, reset, time-out
// Without split_local_origin a failed attempt counts as a 503 and a time-out as a 504, for the first two detectors, and
// the third is not used; with it, attempts without a response count for the third only.
//
// An ejection lasts base_ejection times the number of ejections so far, at most max_ejection (but never less than
// base_ejection); each interval without ejection takes one off that number. Detection and ejection are per worker: each
// judges by the requests it sent itself.
//
// At most max_ejection_percent of the hosts are ejected, the new one included; with always_eject_one the first one
// always may be. (Envoy 1.31 and later. Before, one host was always allowed.)
#pragma once

#include <cstdint>

#include "base/random.h"
#include "model/cluster.h"
#include "policy/balance/host_set.h"

namespace ripstop::policy {

struct HostOutcome {
  enum class Kind : uint8_t {
    kResponse,  // `status` says what it was
    kFailed,    // connect failure or reset before a response
    kTimeout,   // per-try or route time-out
  };
  Kind kind = Kind::kResponse;
  uint16_t status = 0;  // for gRPC the HTTP status its own status stands for
};

enum class Ejection : uint8_t { kNone, k5xx, kGateway, kLocalOrigin };

class OutlierDetector {
 public:
  explicit OutlierDetector(const model::OutlierDetection& settings) : settings_(settings) {}

  // Counts one outcome and ejects the host from the set when that makes it an outlier; by which detector, for logs and
  // metrics. kNone also when the share of ejected hosts does not allow it: counting then starts anew.
  Ejection record(HostSet& hosts, Host& host, HostOutcome outcome, TimePoint now, Random& random) const;

  // To be called every interval(): takes hosts back whose time is over. How many.
  uint32_t tick(HostSet& hosts, TimePoint now, Random& random) const;

  [[nodiscard]] Duration interval() const { return settings_.interval; }

 private:
  [[nodiscard]] Ejection count(OutlierState& state, HostOutcome outcome) const;
  [[nodiscard]] bool may_eject(const HostSet& hosts) const;
  [[nodiscard]] Duration ejection_time(const OutlierState& state) const;

  model::OutlierDetection settings_;
};

}  // namespace ripstop::policy
