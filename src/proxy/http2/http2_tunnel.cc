#include "proxy/http2/http2_tunnel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ripstop::proxy {

using net::Transfer;

Transfer Http2Tunnel::try_read(std::span<char> into) {
  const std::string_view body = stream_.body();
  if (!body.empty()) {
    const size_t count = std::min(into.size(), body.size());
    std::memcpy(into.data(), body.data(), count);
    stream_.consume(count);
    return {Transfer::State::kDone, count, 0};
  }
  if (stream_.peer_ended()) return {Transfer::State::kEnd, 0, 0};
  if (stream_.failure() || stream_.closed().is_set()) return {Transfer::State::kFailed, 0, ECONNRESET};
  stream_.readable().clear();
  return {Transfer::State::kWouldBlock, 0, 0};
}

Transfer Http2Tunnel::try_writev(std::span<const iovec> pieces) {
  size_t asked = 0;
  size_t sent = 0;
  for (const iovec& piece : pieces) {
    asked += piece.iov_len;
    const auto taken = stream_.try_write_body({static_cast<const char*>(piece.iov_base), piece.iov_len});
    if (!taken) return {Transfer::State::kFailed, 0, EPIPE};
    sent += *taken;
    if (*taken < piece.iov_len) break;
  }
  if (sent == 0 && asked != 0) return {Transfer::State::kWouldBlock, 0, 0};
  return {Transfer::State::kDone, sent, 0};
}

const net::TlsSession* Http2Tunnel::tls() const {
  const net::Stream* transport = stream_.transport();
  return transport == nullptr ? nullptr : transport->tls();
}

SocketAddress Http2Tunnel::local_address() const {
  const net::Stream* transport = stream_.transport();
  return transport == nullptr ? SocketAddress{} : transport->local_address();
}

SocketAddress Http2Tunnel::peer_address() const {
  const net::Stream* transport = stream_.transport();
  return transport == nullptr ? SocketAddress{} : transport->peer_address();
}

std::string Http2Tunnel::failure() const {
  return stream_.failure() ? stream_.failure()->message : "the stream was ended";
}

}  // namespace ripstop::proxy
