#include "control/push/certificate_service.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/identity/join_token.h"
#include "istio/v1/auth/ca.pb.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kMethod = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
// Longer than any certificate lives, so that a wish cannot overflow.
constexpr int64_t kLongestWish = std::chrono::seconds(std::chrono::years(100)).count();

}  // namespace

std::vector<std::string> split_pem(std::string_view pem) {
  std::vector<std::string> certificates;
  for (size_t end = pem.find(kEnd); end != std::string_view::npos; end = pem.find(kEnd)) {
    const std::string_view one = pem.substr(0, end + kEnd.size());
    const size_t begin = one.rfind(kBegin);
    if (begin != std::string_view::npos) certificates.push_back(std::string(one.substr(begin)) + "\n");
    pem.remove_prefix(end + kEnd.size());
  }
  return certificates;
}

void CertificateService::add_to(net::GrpcServer& server) {
  server.add_unary(std::string(kMethod),
                   [this](net::GrpcServerCall& call, std::string message) { return create(call, std::move(message)); });
}

Result<model::Identity> CertificateService::authenticate(const net::GrpcServerCall& call) {
  const auto authorization = call.metadata().find("authorization");
  if (authorization && to_lower(authorization->substr(0, kBearer.size())) == kBearer) {
    return redeem_token(sources_.store.tokens(), authorization->substr(kBearer.size()), now_());
  }
  const net::TlsSession* tls = call.tls();
  if (tls == nullptr || tls->peer_uris.size() != 1) {
    return fail(ErrorCode::kUnauthenticated,
                "send a join token as \"authorization: Bearer ...\", or renew over a connection with the certificate",
                ErrorOrigin::kDownstream);
  }
  return model::Identity::parse(tls->peer_uris.front());
}

Result<std::string> CertificateService::issue(const net::GrpcServerCall& call, const std::string& message) {
  istio::v1::auth::IstioCertificateRequest request;
  if (!request.ParseFromString(message)) {
    return fail(ErrorCode::kInvalidArgument, "the message is not an IstioCertificateRequest", ErrorOrigin::kDownstream);
  }
  auto identity = authenticate(call);
  if (!identity) return fail_with(identity);
  const bool is_known = std::ranges::any_of(sources_.catalogue.workloads(),
                                            [&](const auto& entry) { return entry.second.identity == *identity; });
  if (!is_known) {
    return fail(ErrorCode::kPermissionDenied,
                "no registered workload is " + identity->to_string() + "; register the workload again",
                ErrorOrigin::kDownstream);
  }
  const int64_t wish = std::clamp<int64_t>(request.validity_duration(), 0, kLongestWish);
  const auto issued = sources_.authority.sign(
      {.csr_pem = request.csr(), .identity = *identity, .dns_names = {}, .lifetime = std::chrono::seconds(wish)},
      now_());
  if (!issued) return std::unexpected(issued.error());
  log::debug("control.identity", "issued a certificate for " + identity->to_string());
  istio::v1::auth::IstioCertificateResponse response;
  for (std::string& certificate : split_pem(issued->chain_pem)) response.add_cert_chain(std::move(certificate));
  response.add_cert_chain(sources_.authority.bundle().pem());
  return response.SerializeAsString();
}

runtime::Task<Result<std::string>> CertificateService::create(net::GrpcServerCall& call, std::string message) {
  Result<std::string> response = issue(call, message);
  if (!response) {
    log::warning("control.identity", call.peer_address().to_string() + ": " + response.error().message);
  }
  co_return response;
}

}  // namespace ripstop::control
