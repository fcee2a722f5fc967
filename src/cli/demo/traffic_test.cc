#include "cli/demo/traffic.h"

#include <gtest/gtest.h>

namespace ripstop::cli::demo {
namespace {

constexpr const char* kPage = R"(# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",source_workload="a",destination_workload="b",response_code="200",connection_security_policy="mutual_tls"} 8
istio_requests_total{reporter="destination",source_workload="a",destination_workload="b",response_code="503",connection_security_policy="none"} 2
istio_requests_total{reporter="source",source_workload="b",destination_workload="c",response_code="200"} 5
istio_request_duration_milliseconds_bucket{reporter="destination",source_workload="a",destination_workload="b",le="1"} 5
istio_request_duration_milliseconds_bucket{reporter="destination",source_workload="a",destination_workload="b",le="5"} 9
istio_request_duration_milliseconds_bucket{reporter="destination",source_workload="a",destination_workload="b",le="+Inf"} 10
other_total{reporter="destination"} 3
)";

Traffic read(std::string_view page) {
  Traffic traffic;
  add_page(traffic, page);
  return traffic;
}

TEST(Traffic, CountsWhatTheReceivingSideReports) {
  const Traffic traffic = read(kPage);
  ASSERT_EQ(traffic.size(), 1U);
  const HopFigures& figures = traffic.at({"a", "b"});
  EXPECT_EQ(figures.requests, 10U);
  EXPECT_EQ(figures.failures, 2U);
  EXPECT_EQ(figures.mutual_tls, 8U);
}

TEST(Traffic, InterpolatesLatenciesInsideABucket) {
  const HopFigures figures = read(kPage).at({"a", "b"});
  EXPECT_DOUBLE_EQ(figures.quantile(0.5), 1.0);
  EXPECT_DOUBLE_EQ(figures.quantile(0.7), 3.0);
  EXPECT_DOUBLE_EQ(figures.quantile(0.99), 5.0) << "nothing is known above the last finite bound";
  EXPECT_DOUBLE_EQ(HopFigures().quantile(0.5), 0.0);
}

TEST(Traffic, AddsThePagesOfSeveralProxies) {
  Traffic traffic = read(kPage);
  add_page(traffic, kPage);
  EXPECT_EQ(traffic.at({"a", "b"}).requests, 20U);
  EXPECT_EQ(traffic.at({"a", "b"}).within_ms.at(1), 10U);
}

TEST(Traffic, PassesOverBrokenLines) {
  EXPECT_TRUE(read("istio_requests_total{reporter=\"destination\"").empty());
  EXPECT_TRUE(read("istio_requests_total{reporter} 3").empty());
  EXPECT_TRUE(read("istio_requests_total{reporter=\"destination\"} many").empty());
  EXPECT_TRUE(read("istio_requests_total{reporter=\"destination\"} -1").empty());
  EXPECT_TRUE(read("istio_requests_total{reporter=\"destination\"} NaN").empty());
}

TEST(Traffic, ReadsEscapesInLabels) {
  const Traffic traffic =
      read("istio_requests_total{source_workload=\"a\\\"}\",destination_workload=\"b\",reporter=\"destination\"} 1");
  EXPECT_EQ(traffic.begin()->first.source, "a\"}");
}

TEST(Traffic, SinceAnEarlierReadingHasOnlyWhatMoved) {
  Traffic now = read(kPage);
  const Traffic before = now;
  EXPECT_TRUE(since(now, before).empty());
  now[{"a", "b"}].requests += 4;
  now[{"a", "b"}].mutual_tls += 4;
  now[{"c", "d"}].requests = 1;
  const Traffic passed = since(now, before);
  EXPECT_EQ(passed.at({"a", "b"}).requests, 4U);
  EXPECT_EQ(passed.at({"a", "b"}).mutual_tls, 4U);
  EXPECT_EQ(passed.at({"a", "b"}).failures, 0U);
  EXPECT_EQ(passed.at({"a", "b"}).within_ms.at(5), 0U);
  EXPECT_EQ(passed.at({"c", "d"}).requests, 1U);
}

TEST(Traffic, OfAProxyThatWasStartedAnewCountsFromZero) {
  Traffic before = read(kPage);
  before[{"a", "b"}].requests = 1000;
  EXPECT_EQ(since(read(kPage), before).at({"a", "b"}).requests, 10U);
}

}  // namespace
}  // namespace ripstop::cli::demo
