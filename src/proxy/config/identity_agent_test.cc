#include "proxy/config/identity_agent.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "istio/v1/auth/ca.pb.h"
#include "net/grpc/grpc_server.h"
#include "net/net_testing.h"
#include "net/tls/test_certificates.h"
#include "runtime/scope.h"

namespace ripstop::proxy {
namespace {

using net::testing::run_until;
using net::testing::settle;
using net::testing::TestAuthority;

constexpr char kOwnId[] = "spiffe://cluster.local/ns/default/sa/reviews";
constexpr char kAuthorityId[] = "spiffe://cluster.local/ns/ripstop-system/sa/ripstop-control";

// A certificate authority on loopback that keeps what it was asked.
class CertificateServer {
 public:
  struct Call {
    std::string authorization;
    bool had_certificate = false;
    std::string csr;
  };

  explicit CertificateServer(const std::string& spiffe_id)
      : acceptor_(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    const net::testing::Issued own = authority_.issue(spiffe_id);
    net::TlsOptions options;
    options.certificate_chain_pem = own.certificate_pem;
    options.key = own.key;
    options.trusted_roots_pem = authority_.root_pem();
    options.require_peer_certificate = false;
    options.alpn = {"h2"};
    context_ = *net::TlsContext::make_server(options);
    grpc_.add_unary("/istio.v1.auth.IstioCertificateService/CreateCertificate",
                    [this](net::GrpcServerCall& call, std::string request) { return sign(call, std::move(request)); });
    scope_.spawn(accept_all());
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor_.local_address(); }
  [[nodiscard]] std::string root_pem() const { return authority_.root_pem(); }

  bool fails = false;
  bool answers_without_chain = false;
  // Of the certificates, from now on, in seconds.
  long begins = -60;
  long ends = 3600;
  std::vector<Call> calls;

 private:
  runtime::Task<void> accept_all() {
    for (;;) {
      auto fd = co_await acceptor_.accept();
      if (!fd) co_return;
      auto socket = runtime::Socket::adopt(std::move(*fd));
      scope_.spawn(serve(net::make_tcp_stream(std::move(*socket))));
    }
  }
  runtime::Task<void> serve(net::StreamPtr plain) {
    auto secured = co_await net::accept_tls(std::move(plain), context_, {}, nullptr, net::testing::soon());
    if (secured) co_await grpc_.serve(std::move(*secured));
  }
  runtime::Task<Result<std::string>> sign(net::GrpcServerCall& call, std::string bytes) {
    istio::v1::auth::IstioCertificateRequest request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    calls.push_back({.authorization = std::string(call.metadata().find("authorization").value_or("")),
                     .had_certificate = call.tls()->has_peer_certificate,
                     .csr = request.csr()});
    if (fails) co_return fail(ErrorCode::kUnavailable, "no certificates today");
    istio::v1::auth::IstioCertificateResponse response;
    if (!answers_without_chain) {
      response.add_cert_chain(authority_.certify(request.csr(), kOwnId, begins, ends));
      response.add_cert_chain(authority_.root_pem());
    }
    co_return response.SerializeAsString();
  }

  TestAuthority authority_;
  std::shared_ptr<const net::TlsContext> context_;
  runtime::Acceptor acceptor_;
  net::GrpcServer grpc_;
  runtime::Scope scope_;
};

class Identifying : public ::testing::Test {
 protected:
  void start(const std::string& authority_id = kAuthorityId) {
    server_.emplace(authority_id);
    model::Secret roots;
    roots.name = kRootsSecret;
    roots.trusted_roots_pem = server_->root_pem();
    ASSERT_TRUE(secrets_.set(roots));
    IdentityAgent::Options options;
    options.authority = server_->address();
    options.spiffe_id = kOwnId;
    options.join_token = "token";
    options.authority_spiffe_id = kAuthorityId;
    options.first_pause = std::chrono::milliseconds(1);
    options.longest_pause = std::chrono::milliseconds(4);
    options.shortest_wait = std::chrono::milliseconds(1);
    agent_.emplace(std::move(options), secrets_, random_);
  }
  void run() { scope_.spawn(agent_->run()); }
  [[nodiscard]] std::string chain() const {
    const auto found = secrets_.entries().find(std::string(kIdentitySecret));
    return found == secrets_.entries().end() ? "" : found->second.certificate_chain_pem;
  }

  runtime::Reactor reactor_;
  Random random_{1};
  SecretStore secrets_;
  std::optional<CertificateServer> server_;
  std::optional<IdentityAgent> agent_;
  runtime::Scope scope_;
};

TEST_F(Identifying, IsCertifiedByItsTokenAndKeepsTheRootToItself) {
  start();
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return agent_->has_identity().is_set(); }));
  ASSERT_EQ(server_->calls.size(), 1U);
  EXPECT_EQ(server_->calls[0].authorization, "Bearer token");
  EXPECT_FALSE(server_->calls[0].had_certificate);
  const auto summary = net::summarize_certificate(chain());
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->uri, kOwnId);
  EXPECT_EQ(chain().find("BEGIN CERTIFICATE"), chain().rfind("BEGIN CERTIFICATE")) << "the leaf alone";
  EXPECT_TRUE(has_valid_identity(secrets_));
  settle(reactor_);
  EXPECT_EQ(server_->calls.size(), 1U) << "half of the certificate's life is not over";
}

TEST_F(Identifying, RenewsOverItsCertificateWithANewKeyOnceHalfOfItsLifeIsOver) {
  start();
  server_->begins = -3600;
  server_->ends = 3000;
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return server_->calls.size() >= 3; }));
  EXPECT_EQ(server_->calls[1].authorization, "") << "a token is for the first certificate";
  EXPECT_TRUE(server_->calls[1].had_certificate);
  EXPECT_NE(server_->calls[1].csr, server_->calls[0].csr);
  EXPECT_NE(server_->calls[2].csr, server_->calls[1].csr);
}

TEST_F(Identifying, AsksByItsTokenAgainAfterItsCertificateRanOut) {
  start();
  server_->begins = -3600;
  server_->ends = -10;
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return server_->calls.size() >= 2; }));
  EXPECT_EQ(server_->calls[1].authorization, "Bearer token");
  EXPECT_FALSE(server_->calls[1].had_certificate) << "one that ran out would have the connection refused";
}

TEST_F(Identifying, KeepsItsLastCertificateWhileRenewalFailsAndGoesOnTrying) {
  start();
  server_->begins = -3600;
  server_->ends = 3000;
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return agent_->has_identity().is_set(); }));
  server_->fails = true;
  const size_t calls = server_->calls.size();
  ASSERT_TRUE(run_until(reactor_, [&] { return server_->calls.size() >= calls + 2; }));
  const std::string kept = chain();
  ASSERT_TRUE(run_until(reactor_, [&] { return server_->calls.size() >= calls + 5; }));
  EXPECT_EQ(chain(), kept);
  EXPECT_TRUE(has_valid_identity(secrets_));
  server_->fails = false;
  EXPECT_TRUE(run_until(reactor_, [&] { return chain() != kept; }));
}

TEST_F(Identifying, TriesUntilTheAuthorityAnswers) {
  start();
  server_->fails = true;
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return server_->calls.size() >= 3; }));
  EXPECT_FALSE(agent_->has_identity().is_set());
  server_->fails = false;
  EXPECT_TRUE(run_until(reactor_, [this] { return agent_->has_identity().is_set(); }));
}

TEST_F(Identifying, AnAnswerWithoutAChainIsNoCertificate) {
  start();
  server_->answers_without_chain = true;
  run();
  ASSERT_TRUE(run_until(reactor_, [this] { return server_->calls.size() >= 2; }));
  EXPECT_FALSE(agent_->has_identity().is_set());
  EXPECT_EQ(chain(), "");
}

TEST_F(Identifying, DoesNotGiveItsTokenToAnybodyElse) {
  start("spiffe://cluster.local/ns/default/sa/somebody");
  run();
  const TimePoint later = Clock::now() + std::chrono::milliseconds(50);
  ASSERT_TRUE(run_until(reactor_, [later] { return Clock::now() > later; }));
  EXPECT_TRUE(server_->calls.empty());
  EXPECT_FALSE(agent_->has_identity().is_set());
}

TEST(HalfLife, IsTheMiddleOfTheValidityOrNow) {
  const auto at = [](long long seconds) { return WallClock::from_time_t(seconds); };
  using std::chrono::seconds;
  EXPECT_EQ(time_to_half_life(1000, 2000, at(1000)), seconds(500));
  EXPECT_EQ(time_to_half_life(1000, 2000, at(1499)), seconds(1));
  EXPECT_EQ(time_to_half_life(1000, 2000, at(1500)), seconds(0));
  EXPECT_EQ(time_to_half_life(1000, 2000, at(5000)), seconds(0));
  EXPECT_EQ(time_to_half_life(1000, 2000, at(900)), seconds(600)) << "a clock that is behind";
  EXPECT_EQ(time_to_half_life(0, 86400, at(43199) + std::chrono::milliseconds(500)), std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace ripstop::proxy
