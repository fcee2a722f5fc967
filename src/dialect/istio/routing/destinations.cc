#include "dialect/istio/routing/destinations.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

bool is_authority(std::string_view lower_name) {
  return lower_name == "host" || lower_name == ":authority";
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool check_header(Report& report, const PlacedText& name, bool may_be_authority) {
  const std::string lower = to_lower(name.value);
  if (is_header_name(lower) || (may_be_authority && is_authority(lower))) return true;
  report.error("istio/bad-header-name", name.place, quoted(name.value) + " is not a header that can be edited.",
               "Use letters, digits, '-' and '_'; of the names with a colon only :authority of a request.");
  return false;
}

// One of request and response. Takes the request's authority out of the edits, because it is a rewrite.
model::HeaderEdits read_edits(const Context& context, Fields& operations, std::string* host) {
  model::HeaderEdits edits;
  const auto take = [&](std::string_view key, std::vector<model::HeaderValue>& into) {
    for (const auto& [name, value] : operations.text_map(key)) {
      if (!check_header(context.report, name, host != nullptr)) continue;
      if (!is_header_value(value.value)) {
        context.report.error("istio/bad-header-value", value.place, "A header's value cannot have several lines.",
                             "Write it on one line.");
      }
      const std::string lower = to_lower(name.value);
      if (host != nullptr && is_authority(lower)) {
        *host = value.value;
      } else {
        into.push_back({lower, value.value});
      }
    }
  };
  take("add", edits.add);
  take("set", edits.set);
  for (const PlacedText& name : operations.texts("remove")) {
    if (check_header(context.report, name, false)) edits.remove.push_back(to_lower(name.value));
  }
  return edits;
}

void check_weights(const Context& context, Fields& rule, const std::vector<model::WeightedDestination>& destinations) {
  if (destinations.size() < 2) return;
  uint64_t sum = 0;
  for (const auto& destination : destinations) sum += destination.weight;
  if (sum == 0) {
    context.report.error("istio/bad-weight", rule.place("route"), "The weights of the destinations add up to 0.",
                         "Give each destination its share, for instance 75 and 25.");
  } else if (sum > std::numeric_limits<uint32_t>::max()) {
    context.report.error("istio/bad-weight", rule.place("route"),
                         "The weights of the destinations add up to more than 4294967295.", "Use smaller weights.");
  }
}

}  // namespace

HeaderOperations read_header_operations(const Context& context, Fields& parent) {
  HeaderOperations operations;
  auto headers = parent.object("headers");
  if (!headers) return operations;
  if (auto request = headers->object("request")) operations.request = read_edits(context, *request, &operations.host);
  if (auto response = headers->object("response")) operations.response = read_edits(context, *response, nullptr);
  return operations;
}

std::vector<model::WeightedDestination> read_destinations(const Context& context, Fields& rule, RouteLayer layer) {
  std::vector<model::WeightedDestination> destinations;
  auto written = rule.objects("route");
  if (written.empty() && rule.has("route")) {
    report_missing(context.report, rule.place("route"), "The destination of the route",
                   "Write at least one entry under route.");
  }
  for (Fields& fields : written) {
    model::WeightedDestination weighted;
    const bool has_destination = fields.has("destination");
    if (auto destination = fields.object("destination")) {
      weighted.destination = read_destination(context, *destination);
    } else if (!has_destination) {
      report_missing(context.report, fields.place("destination"), "The destination",
                     "Write the service that takes the requests under `destination`.");
    }
    const bool has_weight = fields.has("weight");
    weighted.weight = fields.count("weight", 0, std::numeric_limits<int32_t>::max()).value_or(0);
    if (layer == RouteLayer::kHttp) {
      HeaderOperations operations = read_header_operations(context, fields);
      weighted.request_headers = std::move(operations.request);
      weighted.response_headers = std::move(operations.response);
      weighted.host_rewrite = std::move(operations.host);
    }
    if (!has_weight && written.size() > 1) {
      context.report.warning("istio/no-effect", fields.here(), "This destination has no weight, so it gets no traffic.",
                             "Give it a weight; those of one route usually add up to 100.");
    }
    destinations.push_back(std::move(weighted));
  }
  check_weights(context, rule, destinations);
  if (destinations.size() == 1) destinations.front().weight = 1;
  std::erase_if(destinations, [](const model::WeightedDestination& one) { return one.weight == 0; });
  return destinations;
}

}  // namespace ripstop::dialect::istio
