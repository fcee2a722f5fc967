// The fields that an endpoint of a ServiceEntry and a WorkloadEntry have alike.
#pragma once

#include <optional>

#include "dialect/istio/context.h"
#include "model/service.h"

namespace ripstop::dialect::istio {

struct WorkloadFields {
  model::ServiceEndpoint endpoint;
  Place address;  // where the address stands
  Place ports;    // where the ports stand
  std::string network;
  bool is_unix = false;  // the address is a Unix socket, which is reported as not honoured
};

[[nodiscard]] WorkloadFields read_workload_fields(const Context& context, Fields& fields);

}  // namespace ripstop::dialect::istio
