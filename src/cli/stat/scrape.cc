#include "cli/stat/scrape.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/api/answer.h"
#include "cli/api/fetch.h"

namespace ripstop::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(2);

bool add_member(const std::string& admin_address, TrafficReport& report) {
  const Result<SocketAddress> address = SocketAddress::parse(admin_address);
  if (!address) return false;
  net::HttpClientRequest request;
  request.target = "/stats/prometheus";
  const Result<net::HttpClientResponse> response = fetch(*address, std::move(request), kPatience);
  if (!response || response->status != 200) return false;
  Result<std::vector<Sample>> samples = parse_prometheus(response->body, "ripstop_route_request");
  if (samples && samples->empty()) samples = parse_prometheus(response->body, "istio_request");
  if (!samples) return false;
  report.add(*samples);
  return true;
}

}  // namespace

Result<Scrape> scrape_members(const ControlPlane& control_plane) {
  const Result<std::string> answer = control_plane.call("GET", "/v1/workloads");
  if (!answer) return std::unexpected(answer.error());
  const nlohmann::json parsed = nlohmann::json::parse(*answer, nullptr, false);
  if (!parsed.is_object()) return std::unexpected(not_an_object(*answer));
  Scrape scrape;
  scrape.at = Clock::now();
  for (const auto& workload : parsed.value("workloads", nlohmann::json::array())) {
    const bool answers = add_member(workload.value("admin_address", ""), scrape.report);
    if (!answers && workload.value("ready", false)) scrape.silent.push_back(workload.value("id", ""));
  }
  return scrape;
}

}  // namespace ripstop::cli
