// Connections that are turned away before their first request: counted for /stats, by reason, and told in the log.
#pragma once

#include <cstdint>
#include <string>

#include "base/address.h"
#include "proxy/worker/worker.h"

namespace ripstop::proxy {

enum class Refusal : uint8_t {
  kOverLimit,      // as many connections as are allowed, and none of them idle
  kNoFilterChain,  // plain text where only TLS is taken, and whatever else no chain is for
  kCertificate,    // the peer's: none, another root, past its date, another identity
  kHandshake,      // any other failure of TLS
};

// Why a TLS handshake failed.
[[nodiscard]] Refusal refusal_of(const Error& handshake);

// A worker writes at most ten lines in ten seconds, so that nobody outside the mesh can fill the log.
void note_refusal(Worker& worker, Refusal refusal, const std::string& listener, const SocketAddress& peer,
                  const std::string& reason);

}  // namespace ripstop::proxy
