// An HTTP/2 connection to a host, shared by many requests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "net/http2/http2_connection.h"
#include "proxy/http2/http2_sink.h"
#include "proxy/http2/http2_source.h"
#include "proxy/http2/http2_tunnel.h"
#include "proxy/upstream/upstream_connection.h"
#include "runtime/memory/frame_pool.h"

namespace ripstop::proxy {

// Owned by the host's pool while it takes requests, and by the requests that are on it.
struct SharedConnection {
  SharedConnection(net::StreamPtr stream, ConnectionSlot place, const net::Http2Options& options);

  // It takes no more requests, ever.
  [[nodiscard]] bool is_worn(uint32_t most_requests, TimePoint now) const;
  // Another request may go on it now.
  [[nodiscard]] bool has_room(uint32_t most_requests, TimePoint now) const;

  ConnectionSlot slot;
  uint32_t requests = 0;                        // begun on it
  bool knows_us = false;                        // it has answered a request that said whose they are
  TimePoint old = kNever;                       // takes no more requests from then on
  std::unique_ptr<net::Http2Connection> http2;  // never null
};
using SharedConnectionRef = std::shared_ptr<SharedConnection>;

// One request on such a connection. Destroying it before both messages are complete resets the stream.
class Http2Request final : public UpstreamRequest {
 public:
  explicit Http2Request(SharedConnectionRef connection);
  Http2Request(const Http2Request&) = delete;
  Http2Request& operator=(const Http2Request&) = delete;
  ~Http2Request() override;
  static void* operator new(size_t size) { return runtime::allocate_frame(size); }
  static void operator delete(void* request, size_t size) { runtime::free_frame(request, size); }

  void queue_head(const protocol::RequestHead& head) override;
  MessageSink& sink() override { return sink_; }
  HeadStep try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) override;
  runtime::Event& readable() override { return stream_ ? stream_->readable() : refused_; }
  MessageSource& body() override { return *source_; }
  net::Stream& tunnel() override { return *tunnel_; }
  [[nodiscard]] std::string_view early_bytes() const override { return {}; }
  [[nodiscard]] const net::Stream* transport() const override { return &connection_->http2->transport(); }
  [[nodiscard]] protocol::Version version() const override { return protocol::Version::kHttp2; }
  [[nodiscard]] bool is_introduction() const override { return !connection_->knows_us; }
  [[nodiscard]] std::string failure() const override;
  [[nodiscard]] net::Http2Connection* shared_connection() override { return connection_->http2.get(); }

 private:
  [[nodiscard]] HeadStep broken() const;

  SharedConnectionRef connection_;
  net::Http2StreamPtr stream_;  // null: see failure_
  std::optional<Error> failure_;
  runtime::Event refused_{true};
  Http2Sink sink_;
  std::optional<Http2Source> source_;
  std::optional<Http2Tunnel> tunnel_;
};

}  // namespace ripstop::proxy
