#include "cli/demo/hops.h"

#include <gtest/gtest.h>

namespace ripstop::cli::demo {
namespace {

constexpr const char* kPage = R"(# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",source_workload="a",destination_workload="b",response_code="200",connection_security_policy="mutual_tls"} 8
istio_requests_total{reporter="destination",source_workload="a",destination_workload="b",response_code="503",connection_security_policy="none"} 2
istio_requests_total{reporter="source",source_workload="b",destination_workload="c",response_code="200"} 5
istio_request_duration_milliseconds_bucket{reporter="destination",source_workload="a",destination_workload="b",le="1"} 5
istio_request_duration_milliseconds_bucket{reporter="destination",source_workload="a",destination_workload="b",le="+Inf"} 10
other_total{reporter="destination"} 3
)";

HopTable read(std::string_view page) {
  HopTable hops;
  add_page(hops, page);
  return hops;
}

TEST(Hops, AreCountedByTheReceivingSide) {
  const HopTable hops = read(kPage);
  ASSERT_EQ(hops.size(), 1U);
  const Traffic& traffic = hops.at({"a", "b"});
  EXPECT_DOUBLE_EQ(traffic.requests, 10);
  EXPECT_DOUBLE_EQ(traffic.failures, 2);
  EXPECT_DOUBLE_EQ(traffic.mutual_tls, 8);
  EXPECT_DOUBLE_EQ(traffic.latency.at(1), 5);
}

TEST(Hops, OfSeveralProxiesAddUp) {
  HopTable hops = read(kPage);
  add_page(hops, kPage);
  EXPECT_DOUBLE_EQ(hops.at({"a", "b"}).requests, 20);
  EXPECT_DOUBLE_EQ(hops.at({"a", "b"}).latency.at(1), 10);
}

TEST(Hops, ComeFromWholePagesOnly) {
  EXPECT_TRUE(read("istio_requests_total{reporter=\"destination\"").empty());
  EXPECT_TRUE(read("").empty());
}

TEST(Hops, SinceAnEarlierReadingAreThoseThatMoved) {
  HopTable now = read(kPage);
  const HopTable before = now;
  EXPECT_TRUE(since(now, before).empty());
  now[{"a", "b"}].requests += 4;
  now[{"a", "b"}].mutual_tls += 4;
  now[{"c", "d"}].requests = 1;
  const HopTable passed = since(now, before);
  EXPECT_DOUBLE_EQ(passed.at({"a", "b"}).requests, 4);
  EXPECT_DOUBLE_EQ(passed.at({"a", "b"}).mutual_tls, 4);
  EXPECT_DOUBLE_EQ(passed.at({"a", "b"}).failures, 0);
  EXPECT_DOUBLE_EQ(passed.at({"a", "b"}).latency.at(1), 0);
  EXPECT_DOUBLE_EQ(passed.at({"c", "d"}).requests, 1);
}

TEST(Hops, OfAProxyThatWasStartedAnewCountFromZero) {
  HopTable before = read(kPage);
  before[{"a", "b"}].requests = 1000;
  EXPECT_DOUBLE_EQ(since(read(kPage), before).at({"a", "b"}).requests, 10);
}

}  // namespace
}  // namespace ripstop::cli::demo
