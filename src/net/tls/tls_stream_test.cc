#include <gtest/gtest.h>

#include <algorithm>

#include "net/stream.h"
#include "net/tls/test_certificates.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_peers.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::net {
namespace {

using runtime::Reactor;
using runtime::Scope;
using runtime::Task;
using testing::Issued;
using testing::TestAuthority;

constexpr char kReviews[] = "spiffe://cluster.local/ns/default/sa/reviews";
constexpr char kProductpage[] = "spiffe://cluster.local/ns/default/sa/productpage";

Status expect_uri(const TlsSession& session, const std::string& uri) {
  if (std::ranges::find(session.peer_uris, uri) != session.peer_uris.end()) return {};
  return fail(ErrorCode::kPermissionDenied, "the peer is not " + uri);
}

TlsOptions options_of(const Issued& issued, const TestAuthority& trusted) {
  TlsOptions options;
  options.certificate_chain_pem = issued.certificate_pem;
  options.key = issued.key;
  options.trusted_roots_pem = trusted.root_pem();
  options.alpn = {"istio"};
  return options;
}

struct Outcome {
  Result<StreamPtr> server = fail(ErrorCode::kInternal, "did not finish");
  Result<StreamPtr> client = fail(ErrorCode::kInternal, "did not finish");
};

Task<void> serve(StreamPtr below, std::shared_ptr<const TlsContext> context, Outcome& outcome) {
  outcome.server = co_await accept_tls(std::move(below), std::move(context), {}, nullptr, kNever);
}

Task<void> call(StreamPtr below, std::shared_ptr<const TlsContext> context, const VerifyPeer* verify,
                Outcome& outcome) {
  outcome.client = co_await connect_tls(std::move(below), std::move(context), {"reviews", "reviews", verify}, kNever);
}

Outcome shake_hands(Reactor& reactor, const std::shared_ptr<const TlsContext>& server,
                    const std::shared_ptr<const TlsContext>& client, const VerifyPeer* verify = nullptr) {
  Outcome outcome;
  StreamPair pair = make_memory_streams();
  Scope scope;
  scope.spawn(serve(std::move(pair.first), server, outcome));
  scope.spawn(call(std::move(pair.second), client, verify, outcome));
  for (int turn = 0; turn < 100 && scope.size() != 0; ++turn) reactor.run_once(Duration::zero());
  return outcome;
}

Task<void> say(Stream& stream, std::string text) {
  co_await write_all(stream, text, kNever);
  stream.shutdown_write();
}

Task<void> hear(Stream& stream, std::string& heard) {
  char buffer[1000];
  for (;;) {
    auto got = co_await read_some(stream, buffer, kNever);
    if (!got || *got == 0) break;
    heard.append(buffer, *got);
  }
}

TEST(TlsStream, MutualTls13CarriesIdentitiesAndBytes) {
  Reactor reactor;
  const TestAuthority authority;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  const auto client = TlsContext::make_client(options_of(authority.issue(kProductpage), authority));
  ASSERT_TRUE(server && client);
  Outcome outcome = shake_hands(reactor, *server, *client);
  ASSERT_TRUE(outcome.server) << outcome.server.error().message;
  ASSERT_TRUE(outcome.client) << outcome.client.error().message;
  const TlsSession& seen = *(*outcome.server)->tls();
  EXPECT_EQ(seen.version, "TLSv1.3");
  EXPECT_EQ(seen.peer_uris, std::vector<std::string>{kProductpage});
  EXPECT_EQ(seen.local_uri, kReviews);
  EXPECT_EQ(seen.alpn, "istio");
  EXPECT_EQ(seen.sni, "reviews");

  std::string heard;
  const std::string text(100'000, 'x');
  Scope scope;
  scope.spawn(say(**outcome.client, text));
  scope.spawn(hear(**outcome.server, heard));
  for (int turn = 0; turn < 1000 && scope.size() != 0; ++turn) reactor.run_once(Duration::zero());
  EXPECT_TRUE(heard == text) << heard.size();
}

TEST(TlsStream, ResumesASessionAndStillKnowsThePeer) {
  Reactor reactor;
  const TestAuthority authority;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  const auto client = TlsContext::make_client(options_of(authority.issue(kProductpage), authority));
  Outcome first = shake_hands(reactor, *server, *client);
  ASSERT_TRUE(first.client && first.server);
  // The ticket travels with the server's first bytes and is taken in by the client's next read.
  char buffer[16];
  EXPECT_EQ((*first.server)->try_write("x").bytes, 1U);
  EXPECT_EQ((*first.client)->try_read(buffer).bytes, 1U);
  const Outcome second = shake_hands(reactor, *server, *client);
  ASSERT_TRUE(second.client && second.server);
  EXPECT_TRUE((*second.client)->tls()->is_resumed);
  EXPECT_EQ((*second.server)->tls()->peer_uris, std::vector<std::string>{kProductpage});
  EXPECT_EQ((*second.client)->tls()->peer_uris, std::vector<std::string>{kReviews});
}

TEST(TlsStream, ConnectionsOfOnePeerShareWhatIsKnownOfIt) {
  Reactor reactor;
  const TestAuthority authority;
  TlsOptions anew = options_of(authority.issue(kProductpage), authority);
  anew.resume = false;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  const auto client = TlsContext::make_client(anew);
  const auto other = TlsContext::make_client(options_of(authority.issue(kProductpage), authority));
  const Outcome first = shake_hands(reactor, *server, *client);
  const Outcome second = shake_hands(reactor, *server, *client);
  const Outcome third = shake_hands(reactor, *server, *other);
  ASSERT_TRUE(first.server && second.server && third.server);
  EXPECT_EQ((*first.server)->tls(), (*second.server)->tls());
  EXPECT_NE((*first.server)->tls(), (*third.server)->tls()) << "the same name in another certificate";
}

bssl::UniquePtr<STACK_OF(CRYPTO_BUFFER)> chain_of(const Issued& issued) {
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(issued.certificate_pem.data(), -1));
  const bssl::UniquePtr<X509> leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  uint8_t* der = nullptr;
  const int size = i2d_X509(leaf.get(), &der);
  const bssl::UniquePtr<uint8_t> bytes(der);
  bssl::UniquePtr<STACK_OF(CRYPTO_BUFFER)> chain(sk_CRYPTO_BUFFER_new_null());
  bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(der, static_cast<size_t>(size), certificate_pool()));
  bssl::PushToStack(chain.get(), std::move(buffer));
  return chain;
}

TEST(TlsPeers, AChainThatWasAcceptedOnceIsRefusedOnceItIsPastItsDate) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const std::string root_pem = authority.root_pem();
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(root_pem.data(), -1));
  const bssl::UniquePtr<X509> root(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  bssl::UniquePtr<X509_STORE> roots(X509_STORE_new());
  X509_STORE_add_cert(roots.get(), root.get());
  TlsPeers peers(std::move(roots), true);
  const auto chain = chain_of(authority.issue(kProductpage, -60, 600));
  const WallTime now = WallClock::now();
  uint8_t alert = 0;
  EXPECT_TRUE(peers.verify(chain.get(), now, alert));
  EXPECT_TRUE(peers.verify(chain.get(), now + std::chrono::seconds(500), alert));
  EXPECT_FALSE(peers.verify(chain.get(), now + std::chrono::seconds(700), alert));
  EXPECT_EQ(alert, SSL_AD_CERTIFICATE_EXPIRED);
  EXPECT_FALSE(peers.verify(chain.get(), now - std::chrono::seconds(120), alert)) << "not valid yet";
  EXPECT_TRUE(peers.verify(chain.get(), now, alert)) << "a refusal is not kept";
  EXPECT_FALSE(peers.verify(chain_of(stranger.issue(kProductpage)).get(), now, alert));
}

TEST(TlsStream, RefusesAnotherIdentity) {
  Reactor reactor;
  const TestAuthority authority;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  const VerifyPeer wants_details = [](const TlsSession& session) {
    return expect_uri(session, "spiffe://cluster.local/ns/default/sa/details");
  };
  const auto client = TlsContext::make_client(options_of(authority.issue(kProductpage), authority));
  const Outcome outcome = shake_hands(reactor, *server, *client, &wants_details);
  ASSERT_FALSE(outcome.client);
  EXPECT_EQ(outcome.client.error().code, ErrorCode::kPermissionDenied);
}

TEST(TlsStream, RefusesAnotherRootAndAnExpiredCertificate) {
  Reactor reactor;
  const TestAuthority authority;
  const TestAuthority stranger;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  for (const Issued& bad : {stranger.issue(kProductpage), authority.issue(kProductpage, -7200, -3600)}) {
    const auto client = TlsContext::make_client(options_of(bad, authority));
    const Outcome outcome = shake_hands(reactor, *server, *client);
    ASSERT_FALSE(outcome.server);
    EXPECT_EQ(outcome.server.error().code, ErrorCode::kPermissionDenied);
    EXPECT_TRUE(outcome.server.error().message.starts_with("the peer's certificate is refused"))
        << outcome.server.error().message;
  }
}

TEST(TlsStream, RefusesAClientWithoutCertificate) {
  Reactor reactor;
  const TestAuthority authority;
  const auto server = TlsContext::make_server(options_of(authority.issue(kReviews), authority));
  TlsOptions anonymous;
  anonymous.trusted_roots_pem = authority.root_pem();
  const Outcome outcome = shake_hands(reactor, *server, *TlsContext::make_client(anonymous));
  EXPECT_FALSE(outcome.server);
}

TEST(TlsContext, SaysWhatIsWrongWithPem) {
  const TestAuthority authority;
  TlsOptions options = options_of(authority.issue(kReviews), authority);
  options.key = *TlsKey::generate();
  const auto mismatched = TlsContext::make_server(options);
  ASSERT_FALSE(mismatched);
  EXPECT_NE(mismatched.error().message.find("does not belong"), std::string::npos);
  EXPECT_FALSE(TlsKey::parse("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"));
}

TEST(TlsKey, SummarizesAChain) {
  const TestAuthority authority;
  const auto summary = summarize_certificate(authority.issue(kReviews).certificate_pem);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->uri, kReviews);
  EXPECT_EQ(summary->not_after - summary->not_before, 3660);
  EXPECT_FALSE((*TlsKey::generate())->certificate_request(kReviews)->empty());
}

}  // namespace
}  // namespace ripstop::net
