// One connection's bytes, plain or through TLS, without waiting: what a client or a server of the bench reads and
// writes. Plain costs one branch more than the system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/result.h"
#include "runtime/file_descriptor.h"

struct ssl_st;

namespace ripstop::load {

struct Moved {
  enum class State : uint8_t { kDone, kWouldBlock, kEnd, kFailed };
  State state = State::kDone;
  size_t bytes = 0;  // kDone: more than zero
};

class Link {
 public:
  Link() = default;
  explicit Link(runtime::FileDescriptor fd) : fd_(std::move(fd)) {}

  // Starts TLS as a client on top of the descriptor; handshake() drives it.
  void start_tls(std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls);
  // kDone once both sides are done. kWouldBlock: waits for bytes (wants_write() for room instead).
  Moved::State handshake();
  [[nodiscard]] bool wants_write() const { return wants_write_; }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  [[nodiscard]] ssl_st* tls() const { return tls_.get(); }

  Moved read(std::span<char> into);
  // Takes up to `most` bytes off a plain link without copying them.
  Moved discard(size_t most);
  Moved write(std::string_view from);

  [[nodiscard]] bool is_open() const { return fd_.is_valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close();

 private:
  Moved from_tls(int result);

  runtime::FileDescriptor fd_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_{nullptr, nullptr};
  bool wants_write_ = false;
};

// A listening socket, and one that is on its way to `address`; both without waiting and with TCP_NODELAY.
[[nodiscard]] Result<runtime::FileDescriptor> open_listener(const SocketAddress& address);
[[nodiscard]] Result<runtime::FileDescriptor> begin_connect(const SocketAddress& address);

}  // namespace ripstop::load
