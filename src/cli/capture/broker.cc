#include "cli/capture/broker.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "cli/capture/descriptor_channel.h"

namespace ripstop::cli {
namespace {

// One per worker of a proxy, and those of a proxy that is being replaced.
constexpr size_t kMaxChannels = 1024;
constexpr short kReady = POLLIN | POLLHUP | POLLERR;

bool is_ready(const std::vector<pollfd>& polled, int fd) {
  return std::ranges::any_of(polled, [fd](const pollfd& one) { return one.fd == fd && (one.revents & kReady) != 0; });
}

}  // namespace

Broker::Broker(runtime::FileDescriptor main_channel) : main_(std::move(main_channel)) {}

void Broker::watch(std::vector<pollfd>& into) const {
  into.push_back({main_.get(), POLLIN, 0});
  for (const runtime::FileDescriptor& channel : channels_) into.push_back({channel.get(), POLLIN, 0});
}

bool Broker::serve(const std::vector<pollfd>& polled) {
  std::erase_if(channels_, [&](const runtime::FileDescriptor& channel) {
    return is_ready(polled, channel.get()) && !serve_channel(channel.get());
  });
  return !is_ready(polled, main_.get()) || serve_main();
}

bool Broker::serve_main() {
  Result<Message> message = receive_message(main_.get());
  if (!message) return message.error().code == ErrorCode::kTooLarge;
  const bool opens = message->bytes == "C" && message->descriptors.size() == 1;
  if (opens && channels_.size() < kMaxChannels) channels_.push_back(std::move(message->descriptors.front()));
  return true;
}

bool Broker::serve_channel(int channel) {
  const Result<Message> message = receive_message(channel);
  if (!message) return false;
  const bool is_v6 = message->bytes == "6";
  if (!is_v6 && message->bytes != "4") return false;
  const runtime::FileDescriptor made(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.is_valid()) return send_message(channel, "E").has_value();
  const int fd = made.get();
  return send_message(channel, message->bytes, {&fd, 1}).has_value();
}

}  // namespace ripstop::cli
