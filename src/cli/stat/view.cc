#include "cli/stat/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBarCells = 10;

double rate_of(const TrafficView& view, const TrafficKey& key) {
  const auto found = view.recent.find(key);
  return found == view.recent.end() ? 0 : found->second.requests / view.window_seconds;
}

std::string milliseconds(std::optional<double> value) {
  if (!value) return {};
  if (*value < 10) return fmt::format("{:.1f} ms", *value);
  if (*value < 10'000) return fmt::format("{:.0f} ms", *value);
  return fmt::format("{:.1f} s", *value / 1000);
}

// A rate just below one must not be shown as perfect.
std::string percent(double share) {
  return fmt::format("{:.2f}%", std::floor(share * 10'000) / 100);
}

std::string success(const Traffic& traffic, const Palette& palette) {
  const std::optional<double> rate = traffic.success_rate();
  if (!rate) return {};
  const std::string text = fmt::format("{} {:>7}", bar(*rate), percent(*rate));
  if (*rate >= 0.999) return palette.green(text);
  return *rate >= 0.95 ? palette.yellow(text) : palette.red(text);
}

Json number_or_null(std::optional<double> value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::string bar(double share) {
  const int filled = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBarCells));
  std::string text;
  for (int cell = 0; cell < kBarCells; ++cell) text += cell < filled ? "█" : "░";
  return text;
}

std::string render_traffic(const TrafficView& view, const Palette& palette) {
  const bool has_routes = std::ranges::any_of(view.shown, [](const auto& one) { return !one.first.route.empty(); });
  std::vector<std::string> headings{"SERVICE", "NAMESPACE", "VERSION"};
  if (has_routes) headings.emplace_back("ROUTE");
  headings.insert(headings.end(), {"REQUESTS", "SUCCESS", "RPS", "P50", "P95", "P99", "MTLS"});
  Table table(headings);
  for (const auto& [key, traffic] : view.shown) {
    std::vector<std::string> row{key.service, key.ns, key.version};
    if (has_routes) row.push_back(key.route);
    const double mutual_tls = traffic.requests > 0 ? std::min(1.0, traffic.mutual_tls / traffic.requests) : 0;
    row.insert(row.end(), {fmt::format("{:.0f}", traffic.requests), success(traffic, palette),
                           fmt::format("{:.1f}", rate_of(view, key)), milliseconds(percentile(traffic, 0.50)),
                           milliseconds(percentile(traffic, 0.95)), milliseconds(percentile(traffic, 0.99)),
                           traffic.requests > 0 ? fmt::format("{:.0f}%", std::floor(mutual_tls * 100)) : ""});
    table.add(std::move(row));
  }
  return table.render(palette);
}

std::string traffic_to_json(const TrafficView& view) {
  Json rows = Json::array();
  for (const auto& [key, traffic] : view.shown) {
    rows.push_back({{"service", key.service},
                    {"namespace", key.ns},
                    {"version", key.version},
                    {"route", key.route},
                    {"requests", traffic.requests},
                    {"success_rate", number_or_null(traffic.success_rate())},
                    {"rps", rate_of(view, key)},
                    {"p50", number_or_null(percentile(traffic, 0.50))},
                    {"p95", number_or_null(percentile(traffic, 0.95))},
                    {"p99", number_or_null(percentile(traffic, 0.99))},
                    {"mtls", traffic.mutual_tls}});
  }
  return Json{{"window_seconds", view.window_seconds}, {"traffic", rows}}.dump(-1, ' ', false,
                                                                               Json::error_handler_t::replace);
}

}  // namespace ripstop::cli
