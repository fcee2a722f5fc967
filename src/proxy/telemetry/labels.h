// From a record to the labels of its series.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/cluster.h"
#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy::telemetry {

// A hash over everything the labels are made of. Allocates nothing.
[[nodiscard]] uint64_t hash_labels(const RequestRecord& record);

// `key="value",…` in Istio's order; what is missing is "unknown". `own` is this proxy's workload.
[[nodiscard]] std::string format_labels(const RequestRecord& record, const model::PeerLabels& own);

// The labels of the series that tells routes apart, made of a request's own: reporter, destination service, version,
// outcome and security as in `labels`, and the route.
[[nodiscard]] std::string format_route_labels(std::string_view labels, std::string_view route);

}  // namespace ripstop::proxy::telemetry
