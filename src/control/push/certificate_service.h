// Certificates for the mesh's members, over gRPC as Istio's agents ask: istio.v1.auth.IstioCertificateService.
//
// Who asks is known by a join token, or by the certificate of the connection when it is a renewal. The identity that is
// certified is the caller's, whatever the request says. One thread.
#pragma once

#include "control/identity/authority.h"
#include "control/store/store.h"
#include "net/grpc_server.h"

namespace ripstop::control {

class CertificateService {
 public:
  CertificateService(Store& store, const Authority& authority, std::chrono::seconds longest)
      : store_(store), authority_(authority), longest_(longest) {}

  void add_to(net::GrpcServer& server);

 private:
  runtime::Task<Result<std::string>> create(net::GrpcServerCall& call, std::string message);
  Result<model::Identity> authenticate(const net::GrpcServerCall& call);

  Store& store_;
  const Authority& authority_;
  std::chrono::seconds longest_;
};

// The certificates of a PEM text, one by one.
[[nodiscard]] std::vector<std::string> split_pem(std::string_view pem);

}  // namespace ripstop::control
