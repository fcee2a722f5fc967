#include "cli/demo/traffic.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/text.h"

namespace ripstop::cli::demo {
namespace {

using Labels = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kRequests = "istio_requests_total{";
constexpr std::string_view kDurations = "istio_request_duration_milliseconds_bucket{";
constexpr int kFirstFailure = 500;

// Takes `name="value"` off the front, with the escapes of the exposition format; false at anything else.
bool take_label(std::string_view& text, Labels& labels) {
  const size_t equals = text.find("=\"");
  if (equals == std::string_view::npos) return false;
  std::string& value = labels[std::string(text.substr(0, equals))];
  size_t at = equals + 2;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    value += text[at];
  }
  if (at >= text.size()) return false;
  text.remove_prefix(at + 1);
  if (text.starts_with(',')) text.remove_prefix(1);
  return true;
}

// `line` begins behind the "{" of a sample.
std::optional<double> read_sample(std::string_view line, Labels& labels) {
  while (!line.starts_with('}')) {
    if (!take_label(line, labels)) return std::nullopt;
  }
  const std::string number(trim(line.substr(1)));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (end == number.c_str() || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

std::string_view label(const Labels& labels, std::string_view name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

void count_requests(HopFigures& figures, const Labels& labels, uint64_t count) {
  figures.requests += count;
  if (label(labels, "connection_security_policy") == "mutual_tls") figures.mutual_tls += count;
  const int status = parse_number<int>(label(labels, "response_code")).value_or(0);
  if (status == 0 || status >= kFirstFailure) figures.failures += count;
}

void count_durations(HopFigures& figures, const Labels& labels, uint64_t count) {
  const std::string bound(label(labels, "le"));
  if (bound.empty()) return;
  figures.within_ms[bound == "+Inf" ? std::numeric_limits<double>::infinity() : std::atof(bound.c_str())] += count;
}

void add_line(Traffic& traffic, std::string_view line) {
  const bool is_count = line.starts_with(kRequests);
  if (!is_count && !line.starts_with(kDurations)) return;
  Labels labels;
  const auto value = read_sample(line.substr(is_count ? kRequests.size() : kDurations.size()), labels);
  if (!value || label(labels, "reporter") != "destination") return;
  HopFigures& figures =
      traffic[Hop{std::string(label(labels, "source_workload")), std::string(label(labels, "destination_workload"))}];
  const auto count = static_cast<uint64_t>(*value);
  is_count ? count_requests(figures, labels, count) : count_durations(figures, labels, count);
}

// A proxy that was started anew counts from zero.
uint64_t grown(uint64_t now, uint64_t before) {
  return now >= before ? now - before : now;
}

}  // namespace

double HopFigures::quantile(double share) const {
  if (within_ms.empty() || within_ms.rbegin()->second == 0) return 0;
  const double wanted = share * static_cast<double>(within_ms.rbegin()->second);
  double low = 0;
  uint64_t below = 0;
  for (const auto& [bound, count] : within_ms) {
    if (static_cast<double>(count) >= wanted && count > below) {
      if (std::isinf(bound)) return low;
      return low + (bound - low) * (wanted - static_cast<double>(below)) / static_cast<double>(count - below);
    }
    low = bound;
    below = count;
  }
  return low;
}

HopFigures& HopFigures::operator+=(const HopFigures& other) {
  requests += other.requests;
  failures += other.failures;
  mutual_tls += other.mutual_tls;
  for (const auto& [bound, count] : other.within_ms) within_ms[bound] += count;
  return *this;
}

void add_page(Traffic& traffic, std::string_view page) {
  for (const std::string_view line : split(page, '\n')) add_line(traffic, line);
}

Traffic since(const Traffic& now, const Traffic& before) {
  Traffic passed;
  for (const auto& [hop, figures] : now) {
    const auto found = before.find(hop);
    HopFigures change = figures;
    if (found != before.end() && figures.requests >= found->second.requests) {
      const HopFigures& old = found->second;
      change.requests -= old.requests;
      change.failures = grown(figures.failures, old.failures);
      change.mutual_tls = grown(figures.mutual_tls, old.mutual_tls);
      for (auto& [bound, count] : change.within_ms) {
        const auto was = old.within_ms.find(bound);
        if (was != old.within_ms.end()) count = grown(count, was->second);
      }
    }
    if (change.requests != 0) passed.emplace(hop, std::move(change));
  }
  return passed;
}

}  // namespace ripstop::cli::demo
