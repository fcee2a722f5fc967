#include "model/service.h"

#include <gtest/gtest.h>

namespace ripstop::model {
namespace {

TEST(AppProtocol, ReadsThePrefixOfAPortName) {
  EXPECT_EQ(app_protocol("http-web", 80), AppProtocol::kHttp);
  EXPECT_EQ(app_protocol("HTTP2", 80), AppProtocol::kHttp2);
  EXPECT_EQ(app_protocol("grpc-web-x", 80), AppProtocol::kGrpcWeb);
  EXPECT_EQ(app_protocol("grpc-x", 80), AppProtocol::kGrpc);
  EXPECT_EQ(app_protocol("mysql", 1), AppProtocol::kTcp);
  EXPECT_EQ(app_protocol("httpfoo", 80), AppProtocol::kAuto);
  EXPECT_EQ(app_protocol("", 3306), AppProtocol::kTcp);
  EXPECT_EQ(app_protocol("", 8080), AppProtocol::kAuto);
}

TEST(PeerLabels, PreferTheCanonicalNames) {
  Workload workload;
  workload.name = "reviews-v1";
  workload.labels = {{"app", "reviews"}, {"version", "v1"}, {"service.istio.io/canonical-name", "r"}};
  const PeerLabels labels = peer_labels(workload, "c1");
  EXPECT_EQ(labels.canonical_service, "r");
  EXPECT_EQ(labels.canonical_revision, "v1");
  EXPECT_EQ(labels.app, "reviews");
}

}  // namespace
}  // namespace ripstop::model
