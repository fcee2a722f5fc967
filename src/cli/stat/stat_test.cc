#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "cli/stat/prometheus.h"
#include "cli/stat/traffic.h"
#include "cli/stat/view.h"

namespace ripstop::cli {
namespace {

std::vector<Sample> parse(const std::string& text) {
  const Result<std::vector<Sample>> samples = parse_prometheus(text, "");
  EXPECT_TRUE(samples) << samples.error().message;
  return samples.value_or(std::vector<Sample>{});
}

TEST(Prometheus, ReadsNamesLabelsAndValues) {
  const std::vector<Sample> samples = parse(
      "# TYPE a counter\n"
      "a{x=\"1\",y=\"q\\\"\\\\\\n\",} 2.5 1700000000000\n"
      "b 3\n"
      "c{} +Inf\n");
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].label("y"), "q\"\\\n");
  EXPECT_EQ(samples[0].value, 2.5);
  EXPECT_EQ(samples[1].name, "b");
  EXPECT_EQ(samples[1].label("x"), "");
  EXPECT_TRUE(std::isinf(samples[2].value));
}

TEST(Prometheus, WhatIsNoSampleIsAnErrorThatNamesTheLine) {
  for (const char* text :
       {"a\n", "a{x=\"1\" 2\n", "a{x=1} 2\n", "a{x=\"1\"} two\n", "{x=\"1\"} 1\n", "a{=\"1\"} 1\n", "a{x=\"1\\"}) {
    const auto samples = parse_prometheus("ok 1\n" + std::string(text), "");
    ASSERT_FALSE(samples) << text;
    EXPECT_NE(samples.error().message.find("line 2"), std::string::npos);
  }
}

TEST(Prometheus, OtherMetricsAreNotEvenRead) {
  const auto samples = parse_prometheus("other{broken\nmine 1\n", "mine");
  ASSERT_TRUE(samples);
  EXPECT_EQ(samples->size(), 1U);
}

TEST(Prometheus, ASampleWithTooManyLabelsIsRefused) {
  std::string text = "a{";
  for (int index = 0; index < 65; ++index) text += "l" + std::to_string(index) + "=\"\",";
  EXPECT_FALSE(parse_prometheus(text + "} 1\n", ""));
}

std::string requests(const std::string& reporter, const std::string& code, double count, const std::string& more = "") {
  return "istio_requests_total{reporter=\"" + reporter +
         "\",destination_service_name=\"reviews\",destination_service_namespace=\"default\",destination_version=\"v1\","
         "response_code=\"" +
         code + "\"" + more + "} " + std::to_string(count) + "\n";
}

TrafficReport report(const std::string& text) {
  TrafficReport made;
  made.add(parse(text));
  return made;
}

const TrafficKey kReviews{"reviews", "default", "v1", ""};

TEST(Traffic, ServerErrorsAndMissingAnswersAreFailuresAndClientErrorsAreNot) {
  const TrafficTable table = report(requests("source", "200", 90) + requests("source", "404", 5) +
                                    requests("source", "503", 3) + requests("source", "0", 2))
                                 .preferred();
  EXPECT_DOUBLE_EQ(*table.at(kReviews).success_rate(), 0.95);
}

TEST(Traffic, AGrpcStatusOtherThanOkIsAFailure) {
  const TrafficTable table = report(requests("source", "200", 1, ",grpc_response_status=\"0\"") +
                                    requests("source", "200", 1, ",grpc_response_status=\"14\""))
                                 .preferred();
  EXPECT_DOUBLE_EQ(*table.at(kReviews).success_rate(), 0.5);
}

TEST(Traffic, TheClientsSideIsPreferredAndTheServersTellsAboutMtls) {
  const TrafficTable table = report(requests("source", "200", 10) +
                                    requests("destination", "503", 4, ",connection_security_policy=\"mutual_tls\""))
                                 .preferred();
  EXPECT_EQ(table.at(kReviews).requests, 10);
  EXPECT_EQ(table.at(kReviews).failures, 0);
  EXPECT_EQ(table.at(kReviews).mutual_tls, 10) << "as much as the server saw";
}

std::string routed(const std::string& reporter, const std::string& route, double count, const std::string& more = "") {
  const std::string labels =
      "{route=\"" + route + "\",reporter=\"" + reporter +
      "\",destination_service_name=\"reviews\",destination_service_namespace=\"default\",destination_version=\"v1\","
      "response_code=\"200\"" +
      more;
  return "ripstop_route_requests_total" + labels + "} " + std::to_string(count) + "\n" +
         "ripstop_route_request_duration_milliseconds_bucket" + labels + ",le=\"5\"} " + std::to_string(count) + "\n";
}

TrafficKey on_route(const std::string& route) {
  TrafficKey key = kReviews;
  key.route = route;
  return key;
}

TEST(Traffic, RoutesAreToldApartAndNothingIsCountedTwice) {
  const TrafficTable table =
      report(requests("source", "200", 5) + routed("source", "canary", 1) + routed("source", "stable", 4)).preferred();
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table.at(on_route("canary")).requests, 1);
  EXPECT_EQ(table.at(on_route("stable")).requests, 4);
  EXPECT_EQ(table.at(on_route("stable")).latency.at(5), 4);
}

TEST(Traffic, TheServersOwnRoutesDoNotShowBesideTheClients) {
  const TrafficTable table = report(routed("source", "canary", 1) + routed("source", "stable", 3) +
                                    routed("destination", "default", 3, ",connection_security_policy=\"mutual_tls\"") +
                                    routed("destination", "default", 1, ",connection_security_policy=\"none\""))
                                 .preferred();
  ASSERT_EQ(table.size(), 2U);
  EXPECT_DOUBLE_EQ(table.at(on_route("stable")).mutual_tls, 2.25);
  EXPECT_DOUBLE_EQ(table.at(on_route("canary")).mutual_tls, 0.75);
}

TEST(Traffic, AnUnknownRouteIsNone) {
  EXPECT_TRUE(report(routed("source", "unknown", 1)).preferred().contains(kReviews));
}

TEST(Traffic, TheServersSideCountsWhereNoClientHasAProxy) {
  const TrafficTable table = report(requests("destination", "200", 4)).preferred();
  EXPECT_EQ(table.at(kReviews).requests, 4);
}

TEST(Traffic, ADifferenceTakesACounterThatWentBackFromItsStart) {
  const TrafficReport before = report(requests("source", "200", 100));
  EXPECT_EQ(report(requests("source", "200", 130)).since(before).preferred().at(kReviews).requests, 30);
  EXPECT_EQ(report(requests("source", "200", 7)).since(before).preferred().at(kReviews).requests, 7);
}

TEST(Percentile, IsInterpolatedInsideItsBucket) {
  Traffic traffic;
  traffic.latency = {{10, 50}, {20, 100}, {HUGE_VAL, 100}};
  EXPECT_DOUBLE_EQ(*percentile(traffic, 0.5), 10);
  EXPECT_DOUBLE_EQ(*percentile(traffic, 0.75), 15);
  EXPECT_DOUBLE_EQ(*percentile(traffic, 0.25), 5);
}

TEST(Percentile, BeyondTheLastBoundIsThatBound) {
  Traffic traffic;
  traffic.latency = {{10, 1}, {HUGE_VAL, 100}};
  EXPECT_DOUBLE_EQ(*percentile(traffic, 0.99), 10);
}

TEST(Percentile, OfNothingIsNothing) {
  EXPECT_FALSE(percentile({}, 0.5));
  Traffic traffic;
  traffic.latency = {{10, 0}, {HUGE_VAL, 0}};
  EXPECT_FALSE(percentile(traffic, 0.5));
}

TEST(Percentile, BucketsOfSeveralSeriesAddUp) {
  const std::string bucket =
      "istio_request_duration_milliseconds_bucket{reporter=\"source\",destination_service_name=\"reviews\","
      "destination_service_namespace=\"default\",destination_version=\"v1\",response_code=";
  const TrafficTable table =
      report(bucket + "\"200\",le=\"10\"} 1\n" + bucket + "\"200\",le=\"+Inf\"} 1\n" + bucket +
             "\"503\",le=\"10\"} 0\n" + bucket + "\"503\",le=\"20\"} 1\n" + bucket + "\"503\",le=\"+Inf\"} 1\n")
          .preferred();
  EXPECT_EQ(table.at(kReviews).latency.at(10), 1);
  EXPECT_EQ(table.at(kReviews).latency.at(HUGE_VAL), 2);
}

TEST(View, ARateBelowOneIsNeverShownAsPerfect) {
  TrafficView view;
  view.shown[kReviews] = {.requests = 1'000'000, .failures = 1};
  EXPECT_NE(render_traffic(view, {}).find("99.99%"), std::string::npos);
}

TEST(View, RoutesHaveAColumnOnlyWhereThereAreSome) {
  TrafficView view;
  view.shown[kReviews] = {.requests = 1};
  EXPECT_EQ(render_traffic(view, {}).find("ROUTE"), std::string::npos);
  view.shown[{"reviews", "default", "v1", "canary"}] = {.requests = 1};
  EXPECT_NE(render_traffic(view, {}).find("canary"), std::string::npos);
}

TEST(View, JsonHasNullWhereThereIsNothingToSay) {
  TrafficView view{.window_seconds = 2};
  view.shown[kReviews] = {};
  view.recent[kReviews] = {.requests = 10};
  const std::string json = traffic_to_json(view);
  EXPECT_NE(json.find("\"success_rate\":null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"rps\":5.0"), std::string::npos) << json;
}

TEST(View, BarsFillWithTheShare) {
  EXPECT_EQ(bar(0), "░░░░░░░░░░");
  EXPECT_EQ(bar(0.5), "█████░░░░░");
  EXPECT_EQ(bar(7), "██████████");
}

}  // namespace
}  // namespace ripstop::cli
