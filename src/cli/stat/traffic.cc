#include "cli/stat/traffic.h"

#include <cmath>

#include "base/text.h"

namespace ripstop::cli {
namespace {

constexpr std::string_view kRequests = "istio_requests_total";
constexpr std::string_view kLatency = "istio_request_duration_milliseconds_bucket";

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

void add_to(Traffic& traffic, const Sample& sample) {
  if (sample.name == kRequests) {
    traffic.requests += sample.value;
    if (is_failure(sample)) traffic.failures += sample.value;
    if (sample.label("connection_security_policy") == "mutual_tls") traffic.mutual_tls += sample.value;
    return;
  }
  const std::string_view bound = sample.label("le");
  double upper = HUGE_VAL;
  if (bound != "+Inf") {
    const auto parsed = parse_prometheus("x " + std::string(bound), "");
    if (!parsed || parsed->empty()) return;
    upper = parsed->front().value;
  }
  traffic.latency[upper] += sample.value;
}

double grown(double now, double before) {
  return now >= before ? now - before : now;
}

TrafficTable difference(const TrafficTable& now, const TrafficTable& before) {
  TrafficTable result;
  for (const auto& [key, current] : now) {
    const auto found = before.find(key);
    const Traffic earlier = found == before.end() ? Traffic{} : found->second;
    Traffic& traffic = result[key];
    traffic.requests = grown(current.requests, earlier.requests);
    traffic.failures = grown(current.failures, earlier.failures);
    traffic.mutual_tls = grown(current.mutual_tls, earlier.mutual_tls);
    for (const auto& [bound, count] : current.latency) {
      const auto was = earlier.latency.find(bound);
      traffic.latency[bound] = grown(count, was == earlier.latency.end() ? 0 : was->second);
    }
  }
  return result;
}

}  // namespace

std::optional<double> Traffic::success_rate() const {
  if (requests <= 0) return std::nullopt;
  return (requests - failures) / requests;
}

void TrafficReport::add(std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    if (sample.name != kRequests && sample.name != kLatency) continue;
    if (!std::isfinite(sample.value) || sample.value < 0) continue;
    TrafficTable& table = sample.label("reporter") == "source" ? by_source_ : by_destination_;
    add_to(table[key_of(sample)], sample);
  }
}

TrafficTable TrafficReport::preferred() const {
  TrafficTable table = by_source_;
  for (const auto& [key, traffic] : by_destination_) {
    Traffic& chosen = table[key];
    const double mutual_tls = traffic.mutual_tls;
    if (chosen.requests <= 0) chosen = traffic;
    // Only the server's side can tell what the client proved.
    chosen.mutual_tls = mutual_tls;
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
