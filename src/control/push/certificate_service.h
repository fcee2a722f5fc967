// Certificates for the mesh's members, over gRPC as Istio's agents ask: istio.v1.auth.IstioCertificateService.
//
// Who asks is known by a join token or, for a renewal, by the certificate of the connection. The identity that is
// certified is the caller's, whatever the request says, and some registered workload must have it. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/server_identity.h"
#include "control/store/store.h"
#include "net/grpc/grpc_server.h"

namespace ripstop::control {

class CertificateService {
 public:
  struct Sources {
    Store& store;
    const Catalogue& catalogue;
    const Authority& authority;
  };
  // All of it must outlive the service.
  CertificateService(Sources sources, ReadWallClock now) : sources_(sources), now_(std::move(now)) {}

  void add_to(net::GrpcServer& server);

 private:
  runtime::Task<Result<std::string>> create(net::GrpcServerCall& call, std::string message);
  Result<std::string> issue(const net::GrpcServerCall& call, const std::string& message);
  Result<model::Identity> authenticate(const net::GrpcServerCall& call);

  Sources sources_;
  ReadWallClock now_;
};

// The certificates of a PEM text, one by one, whatever stands between them.
[[nodiscard]] std::vector<std::string> split_pem(std::string_view pem);

}  // namespace ripstop::control
