// Stream: one connection's bytes, whatever carries them (TCP, TLS, memory). The proxy, the HTTP client and server and
// gRPC are all written against it.
//
// Non-blocking: try, and on kWouldBlock co_await the event, and try again. One reader and one writer at a time, which
// may be different coroutines of the same thread. A stream never changes thread.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/event.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace ripstop::net {

using runtime::Transfer;

// What a finished TLS handshake established. Names are as the certificate has them, already checked to hold no NUL.
struct TlsSession {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::string sni;
  std::string alpn;
  bool is_resumed = false;
  bool has_peer_certificate = false;
  std::vector<std::string> peer_uris;  // URI SANs: SPIFFE IDs
  std::vector<std::string> peer_dns_names;
  std::string peer_subject;             // RFC 2253 text
  std::string peer_certificate_sha256;  // hexadecimal
  std::string local_uri;                // own URI SAN
};

class Stream {
 public:
  virtual ~Stream() = default;

  // kDone carries at least one byte; kEnd is the peer's orderly end (FIN, close_notify); kFailed anything else. A TLS
  // peer that closes without close_notify gives kFailed with error_number ECONNRESET: a truncated body is not an end.
  virtual Transfer try_read(std::span<char> into) = 0;
  // May take only a part. kDone with zero bytes only for zero bytes asked.
  virtual Transfer try_writev(std::span<const iovec> pieces) = 0;
  // To wait on after try_read or try_writev gave kWouldBlock, and only then.
  virtual runtime::Event& readable() = 0;
  virtual runtime::Event& writable() = 0;

  // The end of our side follows at once what is written from now on, so that both may travel together.
  virtual void expect_end() {}
  // Ends our side; reading goes on. For TLS: close_notify, then FIN.
  virtual void shutdown_write() = 0;
  // Ends our side and closes: for a peer that sends nothing more. What it did send, unread, would make a reset of it.
  virtual void end() {
    shutdown_write();
    close();
  }
  // Makes close() tell the peer that this was no orderly end (RST).
  virtual void reset_on_close() = 0;
  virtual void close() = 0;
  // The peer has closed or reset, as far as the kernel has said; for checking pooled connections before reuse.
  [[nodiscard]] virtual bool has_hung_up() const = 0;

  // Where bytes are on the wire as they are here, the socket, so that the kernel may move them by itself; null else.
  [[nodiscard]] virtual runtime::Socket* plain_socket() { return nullptr; }
  // Null for plain text. Valid as long as the stream.
  [[nodiscard]] virtual const TlsSession* tls() const { return nullptr; }
  [[nodiscard]] virtual SocketAddress local_address() const = 0;
  [[nodiscard]] virtual SocketAddress peer_address() const = 0;
  // The text of the last kFailed, for a log or an access log's failure reason; never empty after one.
  [[nodiscard]] virtual std::string failure() const = 0;

  Transfer try_write(std::string_view from) {
    const iovec piece{const_cast<char*>(from.data()), from.size()};
    return try_writev({&piece, 1});
  }
};

using StreamPtr = std::unique_ptr<Stream>;

// At least one byte into `into`; 0 at the orderly end. kTimeout at the deadline, kReset and the like otherwise.
runtime::Task<Result<size_t>> read_some(Stream& stream, std::span<char> into, TimePoint deadline);
// All of `from`.
runtime::Task<Status> write_all(Stream& stream, std::string_view from, TimePoint deadline);

// A plain TCP or unix-domain connection.
[[nodiscard]] StreamPtr make_tcp_stream(runtime::Socket socket);

// Two connected ends in memory, each direction holding at most `capacity` bytes: for tests without sockets.
struct StreamPair {
  StreamPtr first;
  StreamPtr second;
};
[[nodiscard]] StreamPair make_memory_streams(size_t capacity = 64U << 10);

}  // namespace ripstop::net
