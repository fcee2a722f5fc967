#include "proxy/request_headers.h"

#include <gtest/gtest.h>

namespace ripstop::proxy {
namespace {

using model::ClientCertForwarding;

constexpr std::string_view kPeerField = "x-ripstop-peer";

class RequestHeaders : public ::testing::Test {
 protected:
  RequestHeaders() {
    tls_.has_peer_certificate = true;
    tls_.peer_uris = {"spiffe://t/ns/a/sa/b"};
    tls_.peer_subject = "CN=\"x\"";
    tls_.peer_certificate_sha256 = "00ff";
    tls_.local_uri = "spiffe://t/ns/c/sa/d";
    http_.generate_request_id = false;
  }

  void enter() { enter_request(facts_, http_, state_, random_); }
  void add(std::string_view name, std::string_view value) { EXPECT_TRUE(state_.request.fields.append(name, value)); }
  [[nodiscard]] std::string field(std::string_view name) const {
    return std::string(state_.request.fields.find(name).value_or("(none)"));
  }

  // The client's certificate as the upstream sees it, after the client claimed "Hash=forged".
  std::string certificate_after(ClientCertForwarding how, bool is_mutual) {
    state_.clear();
    facts_.tls = is_mutual ? &tls_ : nullptr;
    http_.client_cert = how;
    add("x-forwarded-client-cert", "Hash=forged");
    enter();
    return field("x-forwarded-client-cert");
  }

  net::TlsSession tls_;
  ConnectionFacts facts_;
  model::HttpConnection http_;
  ExchangeState state_;
  Random random_{1};
};

TEST_F(RequestHeaders, SayHowTheRequestCame) {
  enter();
  EXPECT_EQ(field("x-forwarded-proto"), "http");
  state_.clear();
  facts_.tls = &tls_;
  enter();
  EXPECT_EQ(field("x-forwarded-proto"), "https");
}

TEST_F(RequestHeaders, MakeARequestIdOnlyWhereThereIsNone) {
  http_.generate_request_id = true;
  enter();
  const std::string id = field("x-request-id");
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  state_.clear();
  enter();
  EXPECT_NE(field("x-request-id"), id);
  state_.clear();
  add("x-request-id", "mine");
  enter();
  EXPECT_EQ(field("x-request-id"), "mine");
}

TEST_F(RequestHeaders, ForwardACertificateOnlyAsTheListenerSays) {
  const std::string described = "By=spiffe://t/ns/c/sa/d;Hash=00ff;Subject=\"CN=\\\"x\\\"\";URI=spiffe://t/ns/a/sa/b";
  EXPECT_EQ(certificate_after(ClientCertForwarding::kSanitize, true), "(none)");
  EXPECT_EQ(certificate_after(ClientCertForwarding::kSanitize, false), "(none)");
  EXPECT_EQ(certificate_after(ClientCertForwarding::kSanitizeSet, true), described);
  EXPECT_EQ(certificate_after(ClientCertForwarding::kSanitizeSet, false), "(none)");
  EXPECT_EQ(certificate_after(ClientCertForwarding::kForwardOnly, true), "Hash=forged");
  EXPECT_EQ(certificate_after(ClientCertForwarding::kForwardOnly, false), "(none)");
  EXPECT_EQ(certificate_after(ClientCertForwarding::kAppendForward, true), "Hash=forged," + described);
  EXPECT_EQ(certificate_after(ClientCertForwarding::kAlwaysForwardOnly, false), "Hash=forged");
}

TEST_F(RequestHeaders, ACertificateCannotBreakOutOfItsField) {
  tls_.peer_uris = {"spiffe://t/a,By=x;Hash=y\"\r\nz"};
  const std::string text = certificate_after(ClientCertForwarding::kSanitizeSet, true);
  EXPECT_TRUE(text.ends_with(";URI=spiffe://t/aBy=xHash=yz")) << text;
}

TEST_F(RequestHeaders, BelieveAPeersLabelsOnlyOverMutualTls) {
  const model::PeerLabels labels{.workload = "reviews-v1", .ns = "default", .app = "a b,c=%"};
  add(kPeerField, format_peer(labels));
  enter();
  EXPECT_EQ(facts_.peer, nullptr);
  EXPECT_EQ(field(kPeerField), "(none)") << "nor is it passed on";
  state_.clear();
  facts_.tls = &tls_;
  add(kPeerField, format_peer(labels));
  enter();
  ASSERT_NE(facts_.peer, nullptr);
  EXPECT_EQ(*facts_.peer, labels);
  EXPECT_EQ(field(kPeerField), "(none)");
  state_.clear();
  add(kPeerField, format_peer({.workload = "other"}));
  enter();
  EXPECT_EQ(facts_.peer->workload, "reviews-v1") << "what is known of the connection stays";
}

TEST_F(RequestHeaders, RefuseLabelsThatAreNone) {
  model::PeerLabels labels{.workload = "kept"};
  for (const std::string& text : {std::string("w"), std::string("w=%4"), std::string("w=%zz"), std::string("w=a b"),
                                  "w=" + std::string(2047, 'a')}) {
    EXPECT_FALSE(parse_peer(text, labels)) << text.substr(0, 20);
    EXPECT_EQ(labels.workload, "kept");
  }
  EXPECT_TRUE(parse_peer("w=a%2Fb,future=x", labels));
  EXPECT_EQ(labels.workload, "a/b");
}

}  // namespace
}  // namespace ripstop::proxy
