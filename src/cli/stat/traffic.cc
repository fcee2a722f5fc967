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
  if (sample.name == kRequests) {
    requests += sample.value;
    if (is_failure(sample)) failures += sample.value;
    if (sample.label("connection_security_policy") == "mutual_tls") mutual_tls += sample.value;
  } else if (sample.name == kLatency) {
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
  for (const Sample& sample : samples) {
    if (sample.name != kRequests && sample.name != kLatency) continue;
    if (!std::isfinite(sample.value) || sample.value < 0) continue;
    TrafficTable& table = sample.label("reporter") == "source" ? by_source_ : by_destination_;
    table[key_of(sample)].add(sample);
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
