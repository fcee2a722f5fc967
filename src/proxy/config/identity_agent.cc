#include "proxy/config/identity_agent.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "istio/v1/auth/ca.pb.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(10);
// Between renewals, whatever the authority grants.
constexpr Duration kShortestPause = std::chrono::milliseconds(500);
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(30);
constexpr int64_t kAskedLifetimeSeconds = 24L * 3600;
constexpr std::string_view kMethod = "/istio.v1.auth.IstioCertificateService/CreateCertificate";

}  // namespace

// One that has run out would only have the connection refused.
bool has_valid_identity(const SecretStore& secrets) {
  const auto found = secrets.entries().find(std::string(kIdentitySecret));
  if (found == secrets.entries().end()) return false;
  const auto summary = net::summarize_certificate(found->second.certificate_chain_pem);
  return summary && WallClock::now() < WallClock::from_time_t(summary->not_after);
}

net::VerifyPeer expect_spiffe_id(std::string spiffe_id) {
  return [spiffe_id = std::move(spiffe_id)](const net::TlsSession& session) -> Status {
    if (std::ranges::find(session.peer_uris, spiffe_id) != session.peer_uris.end()) return {};
    return fail(ErrorCode::kPermissionDenied, "the control plane does not present " + spiffe_id);
  };
}

runtime::Task<Result<net::StreamPtr>> connect_to_control_plane(SecretStore& secrets, SocketAddress address,
                                                               const net::VerifyPeer& verify, TimePoint deadline) {
  model::UpstreamTls tls;
  tls.alpn = {"h2"};
  tls.secrets.trusted_roots = kRootsSecret;
  if (has_valid_identity(secrets)) tls.secrets.certificate = kIdentitySecret;
  auto context = secrets.client_slot(tls)->get();
  if (!context) co_return fail(ErrorCode::kTls, "the trust bundle for the control plane is missing or not readable");
  auto socket = co_await runtime::connect({address, {}}, deadline);
  if (!socket) co_return fail_with(socket);
  co_return co_await net::connect_tls(net::make_tcp_stream(std::move(*socket)), std::move(context),
                                      {.sni = {}, .session_key = {}, .verify = &verify}, deadline);
}

IdentityAgent::IdentityAgent(Options options, SecretStore& secrets, Random& random)
    : options_(std::move(options)),
      secrets_(secrets),
      random_(random),
      verify_authority_(expect_spiffe_id(options_.authority_spiffe_id)) {}

runtime::Task<Result<net::StreamPtr>> IdentityAgent::connect(TimePoint deadline) {
  co_return co_await connect_to_control_plane(secrets_, options_.authority, verify_authority_, deadline);
}

// Of what was left when it was issued: its first date may lie long before that, for the sake of clocks that are behind.
Duration IdentityAgent::half_life() const {
  const Duration left = WallClock::from_time_t(not_after_) - WallClock::now();
  return std::max<Duration>(kShortestPause, left / 2);
}

runtime::Task<Status> IdentityAgent::renew() {
  auto key = net::TlsKey::generate();
  if (!key) co_return fail_with(key);
  auto request_pem = (*key)->certificate_request(options_.spiffe_id);
  if (!request_pem) co_return fail_with(request_pem);
  istio::v1::auth::IstioCertificateRequest request;
  request.set_csr(*request_pem);
  request.set_validity_duration(kAskedLifetimeSeconds);

  net::GrpcChannelOptions channel_options;
  channel_options.authority = options_.authority.to_string();
  channel_options.scheme = "https";
  net::GrpcChannel channel([this](TimePoint deadline) { return connect(deadline); }, channel_options);
  net::FieldBlock metadata;
  if (!has_valid_identity(secrets_)) metadata.add("authorization", "Bearer " + options_.join_token);
  const TimePoint deadline = runtime::Reactor::current().now() + kCallTimeout;
  auto answer = co_await channel.unary(std::string(kMethod), request.SerializeAsString(), metadata, deadline);
  if (!answer) co_return fail_with(answer);

  istio::v1::auth::IstioCertificateResponse response;
  if (!response.ParseFromString(*answer) || response.cert_chain_size() < 2) {
    co_return fail(ErrorCode::kParse, "the authority's answer holds no certificate chain");
  }
  // Leaf first, root last; the root is not sent to peers, who have it already.
  std::string chain;
  for (int i = 0; i + 1 < response.cert_chain_size(); ++i) chain.append(response.cert_chain(i)).append("\n");
  auto summary = net::summarize_certificate(chain);
  if (!summary) co_return fail_with(summary);
  if (Status set = secrets_.set_identity(std::string(kIdentitySecret), chain, *key); !set) co_return set;
  not_after_ = summary->not_after;
  co_return Status{};
}

runtime::Task<void> IdentityAgent::run() {
  Duration pause = kFirstPause;
  for (;;) {
    if (Status renewed = co_await renew(); !renewed) {
      log::warning("proxy.identity",
                   "no certificate from " + options_.authority.to_string() + ": " + renewed.error().message);
      co_await runtime::sleep_for(pause + Duration(random_.below(static_cast<uint64_t>(pause.count()))));
      pause = std::min(kLongestPause, pause * 8 / 5);
      continue;
    }
    pause = kFirstPause;
    if (!has_identity_.is_set()) {
      log::info("proxy.identity", "certified as " + options_.spiffe_id);
      has_identity_.set();
    }
    co_await runtime::sleep_for(half_life());
  }
}

}  // namespace ripstop::proxy
