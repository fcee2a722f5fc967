// The end of a connection whose peer may still be talking.
#pragma once

#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::net {

// Says that nothing more will be sent and discards what still arrives, until the peer has ended as well, for a second
// and a MiB at most. Closing with unread bytes in the kernel would reset the connection, which may take the last answer
// back from the peer (RFC 9112 section 9.6).
runtime::Task<void> linger(Stream& stream);

}  // namespace ripstop::net
