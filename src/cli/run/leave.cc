#include "cli/run/leave.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "cli/api/fetch.h"
#include "cli/run/member.h"

namespace ripstop::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(2);
constexpr auto kCallPatience = std::chrono::milliseconds(500);
constexpr std::string_view kUnderWay = "downstream_rq_active: ";

}  // namespace

bool are_all_in_step(std::string_view proxies_json) {
  const auto parsed = nlohmann::json::parse(proxies_json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("proxies") || !parsed["proxies"].is_array()) return false;
  for (const auto& proxy : parsed["proxies"]) {
    if (!proxy.is_object()) return false;
    if (proxy.value("connected", false) && !proxy.value("synced", false)) return false;
  }
  return true;
}

long requests_under_way(std::string_view stats) {
  for (const std::string_view line : split(stats, '\n')) {
    if (!line.starts_with(kUnderWay)) continue;
    return parse_number<long>(line.substr(kUnderWay.size())).value_or(-1);
  }
  return -1;
}

Leave::Leave(const ControlPlane& control_plane, const std::string& id, SocketAddress admin)
    : control_plane_(control_plane), admin_(std::move(admin)), deadline_(Clock::now() + kPatience) {
  is_over_ = !deregister_member(control_plane_, id).has_value();
}

bool Leave::is_over() {
  if (is_over_ || Clock::now() >= deadline_) return true;
  everyone_has_heard_ = everyone_has_heard_ || has_everyone_heard();
  is_over_ = everyone_has_heard_ && is_idle();
  return is_over_;
}

bool Leave::has_everyone_heard() const {
  const Result<std::string> answer = control_plane_.call("GET", "/v1/proxies", {}, kCallPatience);
  // Whoever does not answer cannot tell anybody anything.
  return !answer || are_all_in_step(*answer);
}

bool Leave::is_idle() const {
  net::HttpClientRequest request;
  request.target = "/stats";
  const Result<net::HttpClientResponse> answer = fetch(admin_, std::move(request), kCallPatience);
  return !answer || requests_under_way(answer->body) <= 0;
}

}  // namespace ripstop::cli
