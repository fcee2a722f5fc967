// The control plane's own certificate: what proxies see when they connect.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "control/identity/authority.h"
#include "model/identity.h"
#include "net/tls/tls_context.h"

namespace ripstop::control {

// spiffe://<trust domain>/ns/ripstop-system/sa/ripstop-control. No workload may register as it.
[[nodiscard]] model::Identity control_plane_identity(const std::string& trust_domain);

using ReadWallClock = std::function<WallTime()>;

class ServerIdentity {
 public:
  // `authority` must outlive it.
  ServerIdentity(const Authority& authority, ReadWallClock now) : authority_(authority), now_(std::move(now)) {}

  // For the next handshake: a new certificate once half of the present one's life is over or the trust bundle has
  // changed. When that cannot be had the present one is used for as long as it lasts.
  Result<std::shared_ptr<const net::TlsContext>> context();

 private:
  Status renew();

  const Authority& authority_;
  ReadWallClock now_;
  std::shared_ptr<const net::TlsContext> context_;
  TrustBundle bundle_;
  WallTime renew_at_;
  WallTime ends_;
};

}  // namespace ripstop::control
