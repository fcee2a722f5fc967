// One HTTP/2 stream as a plain stream of bytes, for what follows CONNECT (RFC 9113 section 8.5, RFC 8441).
#pragma once

#include <string>

#include "net/http2/http2_stream.h"
#include "net/stream.h"

namespace ripstop::proxy {

class Http2Tunnel final : public net::Stream {
 public:
  // `stream` must outlive the tunnel.
  explicit Http2Tunnel(net::Http2Stream& stream) : stream_(stream) {}

  net::Transfer try_read(std::span<char> into) override;
  net::Transfer try_writev(std::span<const iovec> pieces) override;
  runtime::Event& readable() override { return stream_.readable(); }
  runtime::Event& writable() override { return stream_.writable(); }
  // END_STREAM.
  void shutdown_write() override { static_cast<void>(stream_.end()); }
  // At once: the stream has no close of its own.
  void reset_on_close() override { stream_.reset(net::Http2Code::kCancel); }
  void close() override {}
  [[nodiscard]] bool has_hung_up() const override { return stream_.failure().has_value(); }
  [[nodiscard]] const net::TlsSession* tls() const override;
  [[nodiscard]] SocketAddress local_address() const override;
  [[nodiscard]] SocketAddress peer_address() const override;
  [[nodiscard]] std::string failure() const override;

 private:
  net::Http2Stream& stream_;
};

}  // namespace ripstop::proxy
