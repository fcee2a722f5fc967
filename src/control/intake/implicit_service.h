// Services that nobody wrote down: they follow from the workloads that `ripstop run` registers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/service.h"

namespace ripstop::control {

// The label by which a registered workload says which service of its namespace it belongs to: "reviews".
inline constexpr std::string_view kServiceLabel = "ripstop.io/service";

// By id.
using Workloads = std::map<std::string, model::Workload>;

// What keeps the mesh's names and identities sound: an id, an identity of `trust_domain`, a service label that can be
// part of a host name.
[[nodiscard]] Status check_workload(const model::Workload& workload, std::string_view trust_domain);

// One service for every (namespace, service label), by host NAME.NAMESPACE.svc.<dns_domain>: its ports are those that
// any of its workloads listens on, by number; a port's protocol follows from its name, or is detected when it has none.
// Where workloads name a port differently the first by id counts.
[[nodiscard]] std::vector<model::Service> implicit_services(const Workloads& workloads, std::string_view dns_domain);

}  // namespace ripstop::control
