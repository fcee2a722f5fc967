#include "control/push/certificate_service.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "control/identity/join_token.h"
#include "istio/v1/auth/ca.pb.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

}  // namespace

std::vector<std::string> split_pem(std::string_view pem) {
  std::vector<std::string> certificates;
  for (size_t end = pem.find(kEnd); end != std::string_view::npos; end = pem.find(kEnd)) {
    const std::string_view one = pem.substr(0, end + kEnd.size());
    const size_t begin = one.rfind("-----BEGIN CERTIFICATE-----");
    if (begin != std::string_view::npos) certificates.push_back(std::string(one.substr(begin)) + "\n");
    pem.remove_prefix(end + kEnd.size());
  }
  return certificates;
}

void CertificateService::add_to(net::GrpcServer& server) {
  server.add_unary("/istio.v1.auth.IstioCertificateService/CreateCertificate",
                   [this](net::GrpcServerCall& call, std::string message) { return create(call, std::move(message)); });
}

Result<model::Identity> CertificateService::authenticate(const net::GrpcServerCall& call) {
  const auto authorization = call.metadata().find("authorization");
  if (authorization && authorization->starts_with(kBearer)) {
    return redeem_token(store_.tokens(), authorization->substr(kBearer.size()), WallClock::now());
  }
  const net::TlsSession* tls = call.tls();
  if (tls == nullptr || tls->peer_uris.size() != 1) {
    return fail(ErrorCode::kUnauthenticated, "present a join token, or the certificate that is to be renewed");
  }
  return model::Identity::parse(tls->peer_uris.front());
}

runtime::Task<Result<std::string>> CertificateService::create(net::GrpcServerCall& call, std::string message) {
  auto identity = authenticate(call);
  if (!identity) {
    log::warning("control.identity", call.peer_address().to_string() + ": " + identity.error().message);
    co_return std::unexpected(
        Error{ErrorCode::kUnauthenticated, ErrorOrigin::kDownstream, Retry::kNever, identity.error().message});
  }
  istio::v1::auth::IstioCertificateRequest request;
  if (!request.ParseFromString(message)) co_return fail(ErrorCode::kInvalidArgument, "the request is not readable");
  Authority::Request wanted;
  wanted.csr_pem = request.csr();
  wanted.identity = *identity;
  wanted.lifetime = longest_;
  if (request.validity_duration() > 0) {
    wanted.lifetime = std::min(longest_, std::chrono::seconds(request.validity_duration()));
  }
  auto issued = authority_.sign(wanted, WallClock::now());
  if (!issued) co_return fail_with(issued);
  istio::v1::auth::IstioCertificateResponse response;
  for (std::string& certificate : split_pem(issued->chain_pem)) response.add_cert_chain(std::move(certificate));
  response.add_cert_chain(authority_.bundle().pem());
  co_return response.SerializeAsString();
}

}  // namespace ripstop::control
