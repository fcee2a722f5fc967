// Sockets inside the application's network namespace.
//
// On a plain machine the application lives in a network namespace of its own and the proxy outside it. A broker process
// inside makes TCP sockets and passes them out; connecting one reaches the application's loopback. Where proxy and
// application share a namespace there is no broker and sockets are made here.
//
// Protocol with the broker, all over SOCK_SEQPACKET: on the main channel one byte 'C' with a descriptor (SCM_RIGHTS)
// attached opens a channel for one worker. On that channel a byte '4' or '6' is answered by the same byte with a new
// non-blocking socket of that family attached, or by 'E' alone when none could be made.
#pragma once

#include <memory>

#include "base/address.h"
#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::proxy {

// One per worker; its thread only.
class ApplicationDialer {
 public:
  // `main_channel` is the broker's, borrowed for this call; -1 without a broker.
  static Result<std::unique_ptr<ApplicationDialer>> open(int main_channel);

  // A socket from which the application can be reached. Blocks for the round trip to the broker, some tens of
  // microseconds and at most a second, once per new connection to the application; kUnavailable when it is gone.
  Result<runtime::FileDescriptor> make_socket(const IpAddress& towards);

 private:
  runtime::FileDescriptor channel_;  // invalid without a broker
};

}  // namespace ripstop::proxy
