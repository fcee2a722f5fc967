// The proxy's tie to its control plane: the certificate that it asks for, and the stream that brings its configuration.
// A proxy without either (all its resources are static) has nothing to follow.
#pragma once

#include <memory>

#include "proxy/config/config_store.h"
#include "proxy/config/config_stream.h"
#include "proxy/config/identity_agent.h"
#include "proxy/config/secret_store.h"
#include "proxy/program/options.h"
#include "runtime/event.h"
#include "runtime/scope.h"
#include "xds/bootstrap.h"

namespace ripstop::proxy {

// The configuration thread's.
class ControlPlaneLink {
 public:
  // How long a part of the first configuration is waited for before the proxy serves without it (Envoy's
  // initial_fetch_timeout).
  static constexpr Duration kFetchTimeout = std::chrono::seconds(15);

  // All of it outlives the link.
  struct Context {
    const Options& options;
    const xds::Bootstrap& bootstrap;
    SecretStore& secrets;
    ConfigStore& store;
    Random& random;
    runtime::Event& changed;  // set whenever the store has published a change
  };
  explicit ControlPlaneLink(const Context& context) : context_(context) {}

  // A proxy with a join token begins to ask for its certificate; the roots it was given are a secret from now on. Fails
  // when its files cannot be read.
  Status ask_for_identity();
  // Makes the stream that the bootstrap asks for. Fails when the cluster it names has no endpoint.
  Status prepare_stream();
  // Starts the stream and waits for the first complete configuration; false when there is no stream.
  runtime::Task<bool> follow();
  // Ends the stream, which takes the workload out of the mesh's endpoints.
  void leave() { stream_scope_.cancel(); }

 private:
  [[nodiscard]] bool joins_mesh() const { return context_.options.authority.port != 0; }
  [[nodiscard]] net::GrpcChannel::Connector connector(const model::Cluster& cluster);

  Context context_;
  std::unique_ptr<IdentityAgent> identity_;
  net::VerifyPeer verify_control_plane_;
  std::unique_ptr<ConfigStream> stream_;
  runtime::Scope stream_scope_;
  runtime::Scope scope_;  // last: its tasks use the rest
};

}  // namespace ripstop::proxy
