#include "proxy/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/testing/allocations.h"
#include "proxy/telemetry/labels.h"
#include "proxy/telemetry/record_fixture.h"

namespace ripstop::proxy::telemetry {
namespace {

using testing::Recorded;

// The value of one line of the exposition, or "" where there is none.
std::string value_of(const std::string& text, const std::string& series) {
  const size_t at = ("\n" + text).find("\n" + series + " ");
  if (at == std::string::npos) return {};
  const size_t begin = at + series.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(Metrics, CountRequestsAndTheirSizesUnderIstiosNames) {
  Recorded recorded;
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  worker->on_end(recorded.record, {});
  recorded.record.duration = std::chrono::milliseconds(700);
  recorded.record.response_bytes = 4'000'000;
  worker->on_end(recorded.record, {});
  const std::string labels = format_labels(recorded.record, recorded.own);
  const std::string text = registry.prometheus();
  EXPECT_EQ(value_of(text, "istio_requests_total{" + labels + "}"), "2");
  const auto bucket = [&](const std::string& name, const std::string& bound) {
    return value_of(text, name + "_bucket{" + labels + ",le=\"" + bound + "\"}");
  };
  EXPECT_EQ(bucket("istio_request_duration_milliseconds", "5"), "0");
  EXPECT_EQ(bucket("istio_request_duration_milliseconds", "10"), "1");
  EXPECT_EQ(bucket("istio_request_duration_milliseconds", "500"), "1");
  EXPECT_EQ(bucket("istio_request_duration_milliseconds", "1000"), "2");
  EXPECT_EQ(bucket("istio_request_duration_milliseconds", "+Inf"), "2");
  EXPECT_EQ(value_of(text, "istio_request_duration_milliseconds_sum{" + labels + "}"), "707.4");
  EXPECT_EQ(value_of(text, "istio_request_duration_milliseconds_count{" + labels + "}"), "2");
  EXPECT_EQ(bucket("istio_request_bytes", "5"), "2");
  EXPECT_EQ(value_of(text, "istio_request_bytes_sum{" + labels + "}"), "6");
  EXPECT_EQ(bucket("istio_response_bytes", "3600000"), "1") << text;
  EXPECT_EQ(bucket("istio_response_bytes", "+Inf"), "2");
  for (const char* type :
       {"# TYPE istio_requests_total counter\n", "# TYPE istio_request_duration_milliseconds histogram\n",
        "# TYPE istio_request_bytes histogram\n", "# TYPE istio_response_bytes histogram\n"}) {
    EXPECT_NE(text.find(type), std::string::npos) << type;
  }
  EXPECT_EQ(text.find("istio_tcp"), std::string::npos);
}

TEST(Metrics, CountTcpConnectionsFromTheServersSide) {
  Recorded recorded;
  recorded.record.is_tcp = true;
  recorded.record.request = nullptr;
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  worker->on_tcp_open(recorded.record);
  const std::string labels = "{" + format_labels(recorded.record, recorded.own) + "}";
  EXPECT_EQ(value_of(registry.prometheus(), "istio_tcp_connections_opened_total" + labels), "1");
  EXPECT_EQ(value_of(registry.prometheus(), "istio_tcp_connections_closed_total" + labels), "0");
  worker->on_tcp_bytes(recorded.record, 2, 200);
  // Named from the server's side: received is what the client sent.
  EXPECT_EQ(value_of(registry.prometheus(), "istio_tcp_received_bytes_total" + labels), "2");
  EXPECT_EQ(value_of(registry.prometheus(), "istio_tcp_sent_bytes_total" + labels), "200") << "while it lives";
  worker->on_tcp_bytes(recorded.record, 1, 95);
  worker->on_end(recorded.record, {});
  const std::string text = registry.prometheus();
  EXPECT_EQ(value_of(text, "istio_tcp_connections_closed_total" + labels), "1");
  EXPECT_EQ(value_of(text, "istio_tcp_received_bytes_total" + labels), "3");
  EXPECT_EQ(value_of(text, "istio_tcp_sent_bytes_total" + labels), "295");
}

TEST(Metrics, TellRoutesApartWithoutTouchingIstiosLabels) {
  Recorded recorded;
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  for (const char* route : {"canary", "stable", "stable"}) {
    recorded.record.route_label = route;
    worker->on_end(recorded.record, {});
  }
  const std::string text = registry.prometheus();
  const std::string labels = format_labels(recorded.record, recorded.own);
  EXPECT_EQ(value_of(text, "istio_requests_total{" + labels + "}"), "3");
  EXPECT_EQ(labels.find("route"), std::string::npos);
  EXPECT_EQ(value_of(text, "ripstop_route_requests_total{" + format_route_labels(labels, "canary") + "}"), "1");
  EXPECT_EQ(value_of(text, "ripstop_route_requests_total{" + format_route_labels(labels, "stable") + "}"), "2");
  EXPECT_EQ(value_of(text, "ripstop_route_request_duration_milliseconds_count{" +
                               format_route_labels(labels, "stable") + "}"),
            "2");
}

TEST(Metrics, AreMergedOverTheWorkers) {
  Recorded recorded;
  MetricsRegistry registry;
  const auto one = registry.make_worker(recorded.own);
  const auto other = registry.make_worker(recorded.own);
  one->on_end(recorded.record, {});
  other->on_end(recorded.record, {});
  const std::string labels = format_labels(recorded.record, recorded.own);
  EXPECT_EQ(value_of(registry.prometheus(), "istio_requests_total{" + labels + "}"), "2");
  EXPECT_EQ(value_of(registry.prometheus(), "istio_request_bytes_sum{" + labels + "}"), "6");
}

TEST(Metrics, StopMakingSeriesAtTheBound) {
  Recorded recorded;
  recorded.cluster.service_host.clear();
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  const size_t sent = MetricsRegistry::kMaxSeriesPerWorker + 50;
  std::string host;
  for (size_t i = 0; i < sent; ++i) {
    host = std::to_string(i) + ".example";
    recorded.request.authority = host;
    worker->on_end(recorded.record, {});
  }
  const std::string text = registry.prometheus();
  EXPECT_EQ(value_of(text, "istio_requests_total{reporter=\"overflow\"}"), "51");
  size_t series = 0;
  for (size_t at = text.find("istio_requests_total{"); at != std::string::npos; ++series) {
    at = text.find("istio_requests_total{", at + 1);
  }
  EXPECT_EQ(series, MetricsRegistry::kMaxSeriesPerWorker);
}

TEST(Metrics, AllocateNothingForASeriesThatExists) {
  Recorded recorded;
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  worker->on_end(recorded.record, {});
  const uint64_t before = allocations_so_far();
  for (int i = 0; i < 100; ++i) worker->on_end(recorded.record, {});
  EXPECT_EQ(allocations_so_far(), before);
}

TEST(Metrics, ReadAsPrometheusReadsThem) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  Recorded recorded;
  recorded.record.direction = model::Direction::kInbound;
  recorded.peer.app = "a\"b\\c\nd\xff";
  recorded.record.peer = &recorded.peer;
  MetricsRegistry registry;
  const auto worker = registry.make_worker(recorded.own);
  worker->on_end(recorded.record, {});
  recorded.record.is_tcp = true;
  worker->on_tcp_open(recorded.record);
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "ripstop-metrics.txt";
  std::ofstream(path) << registry.prometheus();
  // Findings of style (Istio's names have no help text) exit with 3, unreadable text with 1.
  const int status = std::system(("promtool check metrics < " + path.string() + " >/dev/null 2>&1").c_str());
  EXPECT_NE(WEXITSTATUS(status), 1);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ripstop::proxy::telemetry
