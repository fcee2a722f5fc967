#include "cli/stat/traffic.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace ripstop::cli {
namespace {

constexpr std::string_view kRequests = "istio_requests_total";
constexpr std::string_view kLatency = "istio_request_duration_milliseconds_bucket";
constexpr std::string_view kRouteRequests = "ripstop_route_requests_total";
constexpr std::string_view kRouteLatency = "ripstop_route_request_duration_milliseconds_bucket";

std::string known(std::string_view value) {
  return value == "unknown" ? std::string() : std::string(value);
}

TrafficKey key_of(const Sample& sample) {
  std::string service = known(sample.label("destination_service_name"));
  if (service.empty()) service = known(sample.label("destination_service"));
  return {.service = std::move(service),
          .ns = known(sample.label("destination_service_namespace")),
          .version = known(sample.label("destination_version")),
          .route = known(sample.label("route"))};
}

bool is_failure(const Sample& sample) {
  const auto grpc = parse_number<int>(sample.label("grpc_response_status"));
  if (grpc && *grpc != 0) return true;
  const auto status = parse_number<int>(sample.label("response_code"));
  return !status || *status == 0 || *status >= 500;
}

double grown(double now, double before) {
  return now >= before ? now - before : now;
}

TrafficTable difference(const TrafficTable& now, const TrafficTable& before) {
  TrafficTable result;
  for (const auto& [key, current] : now) {
    const auto found = before.find(key);
    result[key] = found == before.end() ? current : current.since(found->second);
  }
  return result;
}

TrafficKey without_route(TrafficKey key) {
  key.route.clear();
  return key;
}

TrafficTable without_routes(const TrafficTable& table) {
  TrafficTable whole;
  for (const auto& [key, traffic] : table) whole[without_route(key)] += traffic;
  return whole;
}

double mutual_tls_share(const Traffic& traffic) {
  return traffic.requests <= 0 ? 0 : std::min(1.0, traffic.mutual_tls / traffic.requests);
}

// nullopt when it is none.
std::optional<double> upper_bound(std::string_view text) {
  if (text == "+Inf") return HUGE_VAL;
  const auto parsed = parse_prometheus("x " + std::string(text), "");
  if (!parsed || parsed->empty()) return std::nullopt;
  return parsed->front().value;
}

}  // namespace

std::optional<double> Traffic::success_rate() const {
  if (requests <= 0) return std::nullopt;
  return (requests - failures) / requests;
}

void Traffic::add(const Sample& sample) {
  if (!std::isfinite(sample.value) || sample.value < 0) return;
  if (sample.name == kRequests || sample.name == kRouteRequests) {
    requests += sample.value;
    if (is_failure(sample)) failures += sample.value;
    if (sample.label("connection_security_policy") == "mutual_tls") mutual_tls += sample.value;
  } else if (sample.name == kLatency || sample.name == kRouteLatency) {
    if (const auto bound = upper_bound(sample.label("le"))) latency[*bound] += sample.value;
  }
}

Traffic Traffic::since(const Traffic& before) const {
  Traffic passed{.requests = grown(requests, before.requests),
                 .failures = grown(failures, before.failures),
                 .mutual_tls = grown(mutual_tls, before.mutual_tls),
                 .latency = {}};
  for (const auto& [bound, count] : latency) {
    const auto was = before.latency.find(bound);
    passed.latency[bound] = grown(count, was == before.latency.end() ? 0 : was->second);
  }
  return passed;
}

Traffic& Traffic::operator+=(const Traffic& other) {
  requests += other.requests;
  failures += other.failures;
  mutual_tls += other.mutual_tls;
  for (const auto& [bound, count] : other.latency) latency[bound] += count;
  return *this;
}

void TrafficReport::add(std::span<const Sample> samples) {
  const bool has_routes = std::ranges::find(samples, kRouteRequests, &Sample::name) != samples.end();
  const std::string_view requests = has_routes ? kRouteRequests : kRequests;
  const std::string_view latency = has_routes ? kRouteLatency : kLatency;
  for (const Sample& sample : samples) {
    if (sample.name != requests && sample.name != latency) continue;
    if (!std::isfinite(sample.value) || sample.value < 0) continue;
    TrafficTable& table = sample.label("reporter") == "source" ? by_source_ : by_destination_;
    table[key_of(sample)].add(sample);
  }
}

TrafficTable TrafficReport::preferred() const {
  const TrafficTable servers = without_routes(by_destination_);
  const TrafficTable clients = without_routes(by_source_);
  TrafficTable table;
  for (const auto& [key, traffic] : by_source_) {
    Traffic& chosen = table.emplace(key, traffic).first->second;
    const auto server = servers.find(without_route(key));
    chosen.mutual_tls = server == servers.end() ? 0 : traffic.requests * mutual_tls_share(server->second);
  }
  for (const auto& [key, traffic] : by_destination_) {
    const auto client = clients.find(without_route(key));
    if (client == clients.end() || client->second.requests <= 0) table.insert_or_assign(key, traffic);
  }
  return table;
}

TrafficReport TrafficReport::since(const TrafficReport& before) const {
  TrafficReport report;
  report.by_source_ = difference(by_source_, before.by_source_);
  report.by_destination_ = difference(by_destination_, before.by_destination_);
  return report;
}

std::optional<double> percentile(const Traffic& traffic, double quantile) {
  if (traffic.latency.empty()) return std::nullopt;
  const double total = traffic.latency.rbegin()->second;
  if (total <= 0) return std::nullopt;
  const double rank = quantile * total;
  double lower = 0;
  double below = 0;
  for (const auto& [upper, count] : traffic.latency) {
    if (count >= rank) {
      if (std::isinf(upper)) return lower;
      const double inside = count - below;
      return inside <= 0 ? upper : lower + (upper - lower) * (rank - below) / inside;
    }
    lower = upper;
    below = count;
  }
  return lower;
}

}  // namespace ripstop::cli
