#include "proxy/telemetry/labels.h"

#include <gtest/gtest.h>

#include "proxy/telemetry/record_fixture.h"

namespace ripstop::proxy::telemetry {
namespace {

using testing::Recorded;

TEST(Labels, OfAClientAreComplete) {
  const Recorded recorded;
  EXPECT_EQ(format_labels(recorded.record, recorded.own),
            "reporter=\"source\","
            "source_workload=\"productpage-v1\",source_workload_namespace=\"shop\","
            "source_principal=\"spiffe://cluster.local/ns/shop/sa/productpage\",source_app=\"productpage\","
            "source_version=\"v1\",source_cluster=\"here\",source_canonical_service=\"productpage\","
            "source_canonical_revision=\"v1\","
            "destination_workload=\"reviews-v2\",destination_workload_namespace=\"default\","
            "destination_principal=\"spiffe://cluster.local/ns/default/sa/reviews\",destination_app=\"reviews\","
            "destination_version=\"v2\",destination_cluster=\"here\",destination_canonical_service=\"reviews\","
            "destination_canonical_revision=\"v2\","
            "destination_service=\"reviews.default.svc.cluster.local\",destination_service_name=\"reviews\","
            "destination_service_namespace=\"default\","
            "request_protocol=\"http\",response_code=\"200\",response_flags=\"-\","
            "connection_security_policy=\"unknown\"");
}

TEST(Labels, OfAServerNameTheCertifiedPeerAndTheSecurity) {
  Recorded recorded;
  recorded.record.direction = model::Direction::kInbound;
  recorded.record.downstream_tls = &recorded.tls;
  recorded.record.peer = &recorded.peer;
  const std::string labels = format_labels(recorded.record, recorded.own);
  for (const char* part :
       {"reporter=\"destination\"", "source_workload=\"gateway\"",
        "source_principal=\"spiffe://cluster.local/ns/edge/sa/gateway\"", "destination_workload=\"productpage-v1\"",
        "destination_principal=\"spiffe://cluster.local/ns/shop/sa/productpage\"",
        "connection_security_policy=\"mutual_tls\""}) {
    EXPECT_NE(labels.find(part), std::string::npos) << part << " in " << labels;
  }
  recorded.record.downstream_tls = nullptr;
  recorded.record.peer = nullptr;
  const std::string plain = format_labels(recorded.record, recorded.own);
  EXPECT_NE(plain.find("connection_security_policy=\"none\""), std::string::npos) << plain;
  EXPECT_NE(plain.find("source_principal=\"unknown\""), std::string::npos) << plain;
  EXPECT_NE(plain.find("source_workload=\"unknown\""), std::string::npos) << plain;
}

TEST(Labels, OfARouteAreItsNameAndWhatTellsServicesAndOutcomesApart) {
  Recorded recorded;
  recorded.record.is_grpc = true;
  recorded.record.has_grpc_status = true;
  EXPECT_EQ(format_route_labels(format_labels(recorded.record, recorded.own), "by \"user\""),
            "route=\"by \\\"user\\\"\",reporter=\"source\",destination_version=\"v2\","
            "destination_service=\"reviews.default.svc.cluster.local\",destination_service_name=\"reviews\","
            "destination_service_namespace=\"default\",request_protocol=\"grpc\",response_code=\"200\","
            "grpc_response_status=\"0\",connection_security_policy=\"unknown\"");
  EXPECT_EQ(format_route_labels("reporter=\"overflow\"", ""), "route=\"unknown\",reporter=\"overflow\"");
}

TEST(Labels, OfARouteAreNotMisledByQuotesInsideOthers) {
  EXPECT_EQ(format_route_labels(R"(source_app="a\",response_code=\"1",response_code="200",source_version="\\")", "r"),
            R"(route="r",response_code="200")");
  EXPECT_EQ(format_route_labels("", "r"), R"(route="r")");
}

TEST(Labels, OfGrpcCarryItsStatusAndOfTcpNoCode) {
  Recorded recorded;
  recorded.record.is_grpc = true;
  recorded.record.has_grpc_status = true;
  recorded.record.grpc_status = 14;
  std::string labels = format_labels(recorded.record, recorded.own);
  EXPECT_NE(labels.find("request_protocol=\"grpc\",response_code=\"200\",grpc_response_status=\"14\""),
            std::string::npos)
      << labels;
  recorded.record.is_grpc = false;
  recorded.record.is_tcp = true;
  labels = format_labels(recorded.record, recorded.own);
  EXPECT_NE(labels.find("request_protocol=\"tcp\",response_flags"), std::string::npos) << labels;
}

TEST(Labels, TakeTheHostFromTheRequestWhereNothingElseIsKnown) {
  Recorded recorded;
  recorded.cluster.service_host.clear();
  const auto service_for = [&recorded](std::string_view authority) {
    recorded.request.authority = authority;
    const std::string labels = format_labels(recorded.record, recorded.own);
    const size_t at = labels.find("destination_service=\"") + 21;
    return labels.substr(at, labels.find('"', at) - at);
  };
  EXPECT_EQ(service_for("example.com:8080"), "example.com");
  EXPECT_EQ(service_for("example.com"), "example.com");
  EXPECT_EQ(service_for("[::1]:8080"), "[::1]");
  EXPECT_EQ(service_for("[::1]"), "[::1]");
  EXPECT_EQ(service_for(""), "unknown");
}

TEST(Labels, AreEscapedWhateverAPeerSays) {
  Recorded recorded;
  recorded.record.direction = model::Direction::kInbound;
  recorded.peer.app = "a\"b\\c\nd\x01\xff";
  recorded.record.peer = &recorded.peer;
  const std::string labels = format_labels(recorded.record, recorded.own);
  EXPECT_NE(labels.find("source_app=\"a\\\"b\\\\c\\nd??\","), std::string::npos) << labels;
}

TEST(Labels, HashEverythingTheyAreMadeOf) {
  Recorded recorded;
  recorded.record.downstream_tls = &recorded.tls;
  recorded.record.peer = &recorded.peer;
  recorded.record.direction = model::Direction::kInbound;
  uint64_t before = hash_labels(recorded.record);
  EXPECT_EQ(hash_labels(recorded.record), before);
  const auto changes = [&](auto change) {
    change();
    const uint64_t after = hash_labels(recorded.record);
    EXPECT_NE(after, before);
    before = after;
  };
  changes([&] { recorded.peer.workload += "x"; });
  changes([&] { recorded.peer.ns += "x"; });
  changes([&] { recorded.peer.app += "x"; });
  changes([&] { recorded.peer.version += "x"; });
  changes([&] { recorded.peer.cluster += "x"; });
  changes([&] { recorded.peer.canonical_service += "x"; });
  changes([&] { recorded.peer.canonical_revision += "x"; });
  changes([&] { recorded.tls.peer_uris[0] += "x"; });
  changes([&] { recorded.tls.local_uri += "x"; });
  changes([&] { recorded.record.status = 503; });
  changes([&] { recorded.record.add_flag(ResponseFlag::kUpstreamRetryLimit); });
  changes([&] { recorded.record.add_flag(ResponseFlag::kUpstreamTermination); });
  changes([&] { recorded.cluster.service_host += "x"; });
  changes([&] { recorded.endpoint.labels.app += "x"; });
  changes([&] { recorded.record.is_grpc = true; });
  changes([&] { recorded.record.has_grpc_status = true; });
  changes([&] { recorded.record.grpc_status = 3; });
  changes([&] { recorded.record.direction = model::Direction::kOutbound; });
  recorded.cluster.service_host.clear();
  before = hash_labels(recorded.record);
  changes([&] { recorded.request.authority = "other"; });
}

}  // namespace
}  // namespace ripstop::proxy::telemetry
