// The proxy's own identity: makes a key, has it certified by the mesh's authority, and renews at half life.
//
// The key is made here and never leaves the process. Every renewal uses a new key. Configuration thread.
#pragma once

#include <string>

#include "base/address.h"
#include "base/random.h"
#include "net/grpc/grpc_channel.h"
#include "proxy/config/secret_store.h"
#include "runtime/event.h"
#include "runtime/task.h"

namespace ripstop::proxy {

// Names of the secrets that every part of the mesh agrees on.
inline constexpr std::string_view kIdentitySecret = "default";
inline constexpr std::string_view kRootsSecret = "ROOTCA";

class IdentityAgent {
 public:
  struct Options {
    SocketAddress authority;
    std::string spiffe_id;   // asked for; the authority decides
    std::string join_token;  // for the first certificate, and for one after a certificate ran out
    std::string authority_spiffe_id;
    Duration first_pause = std::chrono::milliseconds(100);  // after a failure; longer each time
    Duration longest_pause = std::chrono::seconds(30);
    Duration shortest_wait = std::chrono::milliseconds(500);  // between renewals, however short a certificate lives
  };

  // The store already holds the trust bundle to verify the authority with.
  IdentityAgent(Options options, SecretStore& secrets, Random& random);

  // Runs until it is cancelled.
  runtime::Task<void> run();
  // Set once there is a certificate.
  [[nodiscard]] runtime::Event& has_identity() { return has_identity_; }

 private:
  runtime::Task<Status> renew();
  runtime::Task<Result<net::StreamPtr>> connect(TimePoint deadline);

  Options options_;
  SecretStore& secrets_;
  Random& random_;
  runtime::Event has_identity_;
  net::VerifyPeer verify_authority_;
  long long not_before_ = 0;
  long long not_after_ = 0;
};

// How long until a certificate of this validity (seconds since the epoch) is to be renewed: until half of it is over.
[[nodiscard]] Duration time_to_half_life(long long not_before, long long not_after, WallTime now);

// Connects with mesh TLS: the proxy's certificate if it has one, the peer's name checked. Shared by the identity agent
// and the configuration stream.
runtime::Task<Result<net::StreamPtr>> connect_to_control_plane(SecretStore& secrets, SocketAddress address,
                                                               const net::VerifyPeer& verify, TimePoint deadline);
// The proxy has a certificate that has not run out.
[[nodiscard]] bool has_valid_identity(const SecretStore& secrets);
[[nodiscard]] net::VerifyPeer expect_spiffe_id(std::string spiffe_id);

}  // namespace ripstop::proxy
