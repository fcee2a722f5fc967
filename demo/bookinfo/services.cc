#include "bookinfo/services.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "bookinfo/end_signals.h"
#include "bookinfo/upstream.h"
#include "net/accept.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::bookinfo {
namespace {

using Json = nlohmann::json;

constexpr int kFlakyEvery = 3;

constexpr std::array<std::string_view, 12> kPassedOn = {
    "x-request-id", "traceparent", "tracestate", "x-b3-traceid", "x-b3-spanid",   "x-b3-parentspanid",
    "x-b3-sampled", "x-b3-flags",  "b3",         "x-demo-flaky", "authorization", "end-user"};

std::vector<std::pair<std::string, std::string>> passed_on(const net::HttpRequest& request) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view name : kPassedOn) {
    if (const auto value = request.header(name)) fields.emplace_back(name, *value);
  }
  return fields;
}

net::HttpReply reply(int status, const Json& json) {
  return net::http_json(status, json.dump() + "\n");
}

// The part of another service in ours, or why it is missing.
Json part_of(const Result<net::HttpClientResponse>& answer) {
  if (!answer) return {{"error", answer.error().message}};
  if (answer->status != 200) return {{"error", fmt::format("status {}", answer->status)}};
  Json parsed = Json::parse(answer->body, nullptr, false);
  return parsed.is_discarded() ? Json{{"error", "not JSON"}} : parsed;
}

runtime::Task<net::HttpReply> productpage(const net::HttpRequest& request) {
  if (request.path() != "/productpage") co_return net::http_text(404, "try /productpage\n");
  const auto fields = passed_on(request);
  const auto details = co_await call("details:9080", "/details/0", fields);
  const auto reviews = co_await call("reviews:9080", "/reviews/0", fields);
  const bool is_whole = details && details->status == 200 && reviews && reviews->status == 200;
  const Json page = {{"service", "productpage"}, {"details", part_of(details)}, {"reviews", part_of(reviews)}};
  co_return reply(is_whole ? 200 : 503, page);
}

runtime::Task<net::HttpReply> details(const net::HttpRequest&) {
  co_return reply(
      200,
      {{"service", "details"}, {"title", "The Comedy of Errors"}, {"author", "William Shakespeare"}, {"year", 1595}});
}

runtime::Task<net::HttpReply> ratings(const net::HttpRequest&) {
  co_return reply(200, {{"service", "ratings"}, {"stars", {5, 4}}});
}

runtime::Task<net::HttpReply> reviews(std::string version, std::shared_ptr<int> flaky_requests,
                                      const net::HttpRequest& request) {
  if (request.header("x-demo-flaky") == version && ++*flaky_requests % kFlakyEvery == 0) {
    co_return reply(503, {{"service", "reviews"}, {"version", version}, {"error", "flaky on request"}});
  }
  Json answer = {{"service", "reviews"}, {"version", version}, {"reviews", {"Very funny.", "Less so than others."}}};
  if (version != "v1") {
    const auto rated = co_await call("ratings:9080", "/ratings/0", passed_on(request));
    answer["ratings"] = part_of(rated);
    answer["color"] = version == "v2" ? "black" : "red";
  }
  co_return reply(200, answer);
}

}  // namespace

net::HttpHandler make_service(const ServiceOptions& options) {
  if (options.name == "productpage") return productpage;
  if (options.name == "details") return details;
  if (options.name == "ratings") return ratings;
  auto flaky_requests = std::make_shared<int>(0);
  return [version = options.version, flaky_requests](const net::HttpRequest& request) {
    return reviews(version, flaky_requests, request);
  };
}

namespace {

runtime::Task<void> stop_on_signal(runtime::Socket signals) {
  co_await wait_for_end_signal(signals);
  runtime::Reactor::current().stop();
}

}  // namespace

int serve(const ServiceOptions& options) {
  runtime::Reactor reactor;
  auto stop = open_end_signals();
  if (!stop) {
    fmt::print(stderr, "bookinfo: {}\n", stop.error().message);
    return 1;
  }
  auto acceptor = runtime::Acceptor::listen({SocketAddress{IpAddress(), options.port}, {}});
  if (!acceptor) {
    fmt::print(stderr, "bookinfo: {}\n", acceptor.error().message);
    return 1;
  }
  net::HttpServer server(make_service(options));
  runtime::Scope scope;
  scope.spawn(net::accept_streams(*acceptor, [&server](net::StreamPtr stream) { server.take(std::move(stream)); }));
  scope.spawn(stop_on_signal(std::move(*stop)));
  reactor.run();
  return 0;
}

}  // namespace ripstop::bookinfo
