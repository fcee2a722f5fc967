#include "control/push/server_identity.h"

#include <utility>

#include "base/log.h"

namespace ripstop::control {

model::Identity control_plane_identity(const std::string& trust_domain) {
  return {trust_domain, "ripstop-system", "ripstop-control"};
}

Result<std::shared_ptr<const net::TlsContext>> ServerIdentity::context() {
  const WallTime now = now_();
  if (context_ != nullptr && now < renew_at_ && bundle_ == authority_.bundle()) return context_;
  if (Status renewed = renew(); !renewed) {
    if (context_ == nullptr || now >= ends_) return fail_with(renewed);
    log::error("control.identity", "cannot renew the control plane's own certificate: " + renewed.error().message);
  }
  return context_;
}

Status ServerIdentity::renew() {
  const WallTime now = now_();
  const model::Identity own = control_plane_identity(authority_.trust_domain());
  const auto key = net::TlsKey::generate();
  if (!key) return std::unexpected(key.error());
  const auto request = (*key)->certificate_request(own.to_string());
  if (!request) return std::unexpected(request.error());
  const auto issued = authority_.sign({.csr_pem = *request, .identity = own, .dns_names = {}}, now);
  if (!issued) return std::unexpected(issued.error());
  net::TlsOptions options;
  options.certificate_chain_pem = issued->chain_pem;
  options.key = *key;
  options.trusted_roots_pem = authority_.bundle().pem();
  options.require_peer_certificate = false;  // a first certificate is asked for without one
  options.alpn = {"h2"};
  auto context = net::TlsContext::make_server(options);
  if (!context) return fail_with(context);
  context_ = std::move(*context);
  bundle_ = authority_.bundle();
  ends_ = issued->validity.until;
  renew_at_ = now + (ends_ - now) / 2;
  return {};
}

}  // namespace ripstop::control
