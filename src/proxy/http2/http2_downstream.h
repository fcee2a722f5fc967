// The client's side of one request that came over an HTTP/2 stream.
#pragma once

#include "net/http2/http2_stream.h"
#include "proxy/exchange.h"
#include "proxy/http2/http2_sink.h"
#include "proxy/http2/http2_source.h"
#include "proxy/http2/http2_tunnel.h"

namespace ripstop::proxy {

class Http2Downstream final : public Downstream {
 public:
  // Both must outlive this.
  Http2Downstream(net::Http2Stream& stream, const protocol::RequestRules& rules)
      : stream_(stream), rules_(rules), source_(stream, rules.limits), tunnel_(stream) {}

  // The stream's head as a request; its views hold as long as the stream.
  [[nodiscard]] protocol::Fault read_head(protocol::RequestHead& request);

  MessageSource& body() override { return source_; }
  MessageSink& sink() override { return sink_; }
  void queue_response(protocol::ResponseHead& head) override;
  void queue_interim(const protocol::ResponseHead& head) override;
  [[nodiscard]] bool is_request_complete() const override { return source_.is_complete(); }
  [[nodiscard]] runtime::Event& activity() override { return stream_.closed(); }
  [[nodiscard]] bool probe_is_gone() override { return stream_.closed().is_set(); }
  [[nodiscard]] net::Stream* tunnel_stream() override { return &tunnel_; }
  [[nodiscard]] std::string_view early_bytes() const override { return {}; }

 private:
  net::Http2Stream& stream_;
  const protocol::RequestRules& rules_;
  Http2Source source_;
  Http2Sink sink_;
  Http2Tunnel tunnel_;
};

}  // namespace ripstop::proxy
