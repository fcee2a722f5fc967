// spec.http[].match of a VirtualService.
#pragma once

#include <string>
#include <vector>

#include "dialect/istio/context.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

struct HttpMatches {
  std::vector<model::HttpRule::Condition> conditions;  // empty: every request
  // Matches were written, but none of them can be tested yet, so the rule must not take any request.
  bool takes_nothing = false;
};

[[nodiscard]] HttpMatches read_http_matches(const Context& context, Fields& rule);

// Equal for conditions that hold for the same requests of the same clients, as far as their text tells.
[[nodiscard]] std::string key_of(const model::HttpRule::Condition& condition);

// Takes every request of every client.
[[nodiscard]] bool is_catch_all(const model::HttpRule::Condition& condition);

}  // namespace ripstop::dialect::istio
