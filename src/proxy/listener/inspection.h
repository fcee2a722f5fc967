// What the first bytes of a connection say about it, for the choice of its filter chain.
#pragma once

#include <string>

#include "base/time.h"
#include "model/listener.h"
#include "net/stream.h"
#include "protocol/first_bytes/client_hello.h"
#include "protocol/first_bytes/detect.h"
#include "runtime/task.h"

namespace ripstop::proxy {

struct Inspection {
  enum class State : uint8_t { kDone, kTimedOut, kClosed, kMalformed };
  State state = State::kDone;
  std::string received;  // all that was read; whoever serves the connection begins with it
  bool is_tls = false;
  protocol::ClientHello hello;
  protocol::Detected protocol = protocol::Detected::kOpaque;
};

// For a client that has begun to speak.
inline constexpr Duration kInspectTimeout = std::chrono::seconds(15);
inline constexpr size_t kInspectStep = 2048;

// Reads until the listener's inspectors have seen enough, the client has ended, or the listener's time is over. Some
// servers speak first, so a client that has said nothing in time is no error: kTimedOut, after one last look for bytes
// that came while this thread was busy. A client that has begun to speak gets kInspectTimeout to finish what tells.
runtime::Task<Inspection> inspect(net::Stream& stream, const model::Listener& listener);

}  // namespace ripstop::proxy
