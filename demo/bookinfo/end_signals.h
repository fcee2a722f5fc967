// SIGTERM and SIGINT as something to wait for.
#pragma once

#include "base/result.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace ripstop::bookinfo {

// Blocks both signals in this thread, and so in those it starts. Needs a reactor.
[[nodiscard]] Result<runtime::Socket> open_end_signals();
// Returns when one of them has arrived.
runtime::Task<void> wait_for_end_signal(runtime::Socket& signals);

}  // namespace ripstop::bookinfo
