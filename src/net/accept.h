// Accepting connections for as long as a server wants them.
#pragma once

#include <functional>

#include "net/stream.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace ripstop::net {

// Gives every new plain connection to `take`, until it is cancelled. When accepting fails, for lack of descriptors say,
// it pauses and goes on. The acceptor must outlive the task.
runtime::Task<void> accept_streams(runtime::Acceptor& acceptor, std::function<void(StreamPtr)> take);

// Connects to a TCP or unix-domain endpoint.
runtime::Task<Result<StreamPtr>> connect_stream(runtime::Endpoint endpoint, TimePoint deadline);

}  // namespace ripstop::net
