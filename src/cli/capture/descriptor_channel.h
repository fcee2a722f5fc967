// Messages with descriptors between processes of one machine, over SOCK_SEQPACKET. Blocking unless the channel is not.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct Channel {
  runtime::FileDescriptor here;
  runtime::FileDescriptor there;
};

struct Message {
  std::string bytes;
  std::vector<runtime::FileDescriptor> descriptors;  // close-on-exec
};

// Both ends close-on-exec.
[[nodiscard]] Result<Channel> make_channel();

// At most 4 KiB and 16 descriptors; never raises SIGPIPE. kReset when the other side is gone.
[[nodiscard]] Status send_message(int channel, std::string_view bytes, std::span<const int> descriptors = {});

// kClosed at the end of the channel, kTooLarge when the message did not fit.
[[nodiscard]] Result<Message> receive_message(int channel);

}  // namespace ripstop::cli
