#include "proxy/config/secret_store.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "net/net_testing.h"
#include "net/tls/test_certificates.h"

namespace ripstop::proxy {
namespace {

using net::testing::Issued;
using net::testing::TestAuthority;

std::string key_pem(const Issued& issued) {
  const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), issued.key->get(), nullptr, nullptr, 0, nullptr, nullptr);
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

model::Secret certificate(const std::string& name, const Issued& issued) {
  return {.name = name, .certificate_chain_pem = issued.certificate_pem, .private_key_pem = key_pem(issued)};
}

model::Secret roots(const std::string& name, const TestAuthority& authority) {
  return {.name = name, .trusted_roots_pem = authority.root_pem()};
}

class Secrets : public ::testing::Test {
 protected:
  Secrets() { server_tls_.require_client_certificate = true; }

  Status set(model::Secret secret) { return store_.set(secret); }

  TestAuthority authority_;
  SecretStore store_;
  model::DownstreamTls server_tls_{.secrets = {"own", "roots"}};
  model::UpstreamTls client_tls_{.secrets = {"own", "roots"}};
};

TEST_F(Secrets, FillASlotOnceAllOfItsPartsAreThere) {
  const auto slot = store_.server_slot(server_tls_);
  EXPECT_EQ(slot->get(), nullptr);
  ASSERT_TRUE(set(certificate("own", authority_.issue("spiffe://t/a"))));
  EXPECT_EQ(slot->get(), nullptr);
  ASSERT_TRUE(set(roots("roots", authority_)));
  EXPECT_NE(slot->get(), nullptr);
  EXPECT_EQ(store_.server_slot(server_tls_), slot) << "equal uses share a slot";
}

TEST_F(Secrets, WipeTheTextOfAKey) {
  model::Secret secret = certificate("own", authority_.issue("spiffe://t/a"));
  ASSERT_TRUE(store_.set(secret));
  EXPECT_TRUE(secret.private_key_pem.empty());
  secret = {.name = "own", .certificate_chain_pem = "x", .private_key_pem = "no key at all"};
  const Status refused = store_.set(secret);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(secret.private_key_pem.empty());
  EXPECT_EQ(refused.error().message.find("no key at all"), std::string::npos);
  EXPECT_NE(refused.error().message.find("own"), std::string::npos);
}

TEST_F(Secrets, KeepNoKeyThatStandsBesideACertificate) {
  const Issued issued = authority_.issue("spiffe://t/a");
  model::Secret secret = certificate("own", issued);
  secret.certificate_chain_pem = key_pem(issued) + issued.certificate_pem + "trailing words";
  ASSERT_TRUE(store_.set(secret));
  EXPECT_EQ(store_.entries().at("own").certificate_chain_pem, issued.certificate_pem);
}

TEST_F(Secrets, ABadOneLeavesTheOldInForce) {
  ASSERT_TRUE(set(certificate("own", authority_.issue("spiffe://t/a"))));
  ASSERT_TRUE(set(roots("roots", authority_)));
  const auto slot = store_.server_slot(server_tls_);
  const auto before = slot->get();
  const std::string chain = store_.entries().at("own").certificate_chain_pem;
  model::Secret other_key = certificate("own", authority_.issue("spiffe://t/b"));
  other_key.private_key_pem = key_pem(authority_.issue("spiffe://t/c"));
  EXPECT_FALSE(set(std::move(other_key))) << "the key is not the certificate's";
  EXPECT_FALSE(set({.name = "roots", .trusted_roots_pem = "-----BEGIN NOTHING-----"}));
  EXPECT_FALSE(set({.name = "new", .private_key_pem = "bad"}));
  EXPECT_EQ(slot->get(), before);
  EXPECT_EQ(store_.entries().at("own").certificate_chain_pem, chain);
  EXPECT_FALSE(store_.has("new"));
}

TEST_F(Secrets, SeveralAreTakenTogetherOrNotAtAll) {
  ASSERT_TRUE(set(certificate("own", authority_.issue("spiffe://t/a"))));
  ASSERT_TRUE(set(roots("roots", authority_)));
  const auto slot = store_.client_slot(client_tls_);
  const auto before = slot->get();
  std::vector<model::Secret> secrets;
  secrets.push_back(certificate("own", authority_.issue("spiffe://t/b")));
  secrets.push_back({.name = "roots", .trusted_roots_pem = "garbage"});
  EXPECT_FALSE(store_.set(secrets));
  EXPECT_EQ(slot->get(), before);
  secrets.clear();
  const TestAuthority next;
  secrets.push_back(certificate("own", next.issue("spiffe://t/b")));
  secrets.push_back(roots("roots", next));
  EXPECT_TRUE(store_.set(secrets));
  EXPECT_NE(slot->get(), before);
}

runtime::Task<void> secure(net::StreamPtr plain, std::shared_ptr<const net::TlsContext> context, bool is_server,
                           net::StreamPtr& out) {
  if (is_server) {
    auto secured = co_await net::accept_tls(std::move(plain), std::move(context), {}, nullptr, net::testing::soon());
    if (secured) out = std::move(*secured);
  } else {
    auto secured = co_await net::connect_tls(std::move(plain), std::move(context), {}, net::testing::soon());
    if (secured) out = std::move(*secured);
  }
}

runtime::Task<void> echo(net::Stream& from, net::Stream& to, std::string& heard) {
  co_await net::write_all(from, "ping", net::testing::soon());
  char buffer[16];
  auto got = co_await net::read_some(to, buffer, net::testing::soon());
  if (got) heard.assign(buffer, *got);
}

TEST_F(Secrets, RotationServesNewConnectionsAndLeavesOldOnesAlone) {
  runtime::Reactor reactor;
  ASSERT_TRUE(set(certificate("own", authority_.issue("spiffe://t/before"))));
  ASSERT_TRUE(set(roots("roots", authority_)));
  const auto server = store_.server_slot(server_tls_);
  const auto client = store_.client_slot(client_tls_);
  const auto connect = [&](net::StreamPtr& near, net::StreamPtr& far) {
    auto pair = net::make_memory_streams();
    runtime::Scope scope;
    scope.spawn(secure(std::move(pair.first), client->get(), false, near));
    scope.spawn(secure(std::move(pair.second), server->get(), true, far));
    EXPECT_TRUE(net::testing::run_all(reactor, scope));
    return near != nullptr && far != nullptr;
  };
  net::StreamPtr near[2];
  net::StreamPtr far[2];
  ASSERT_TRUE(connect(near[0], far[0]));
  ASSERT_TRUE(set(certificate("own", authority_.issue("spiffe://t/after"))));
  ASSERT_TRUE(connect(near[1], far[1]));
  EXPECT_EQ(near[0]->tls()->peer_uris, std::vector<std::string>{"spiffe://t/before"});
  EXPECT_EQ(near[1]->tls()->peer_uris, std::vector<std::string>{"spiffe://t/after"});
  for (int i = 0; i < 2; ++i) {
    std::string heard;
    runtime::Scope scope;
    scope.spawn(echo(*near[i], *far[i], heard));
    EXPECT_TRUE(net::testing::run_all(reactor, scope));
    EXPECT_EQ(heard, "ping");
  }
}

}  // namespace
}  // namespace ripstop::proxy
