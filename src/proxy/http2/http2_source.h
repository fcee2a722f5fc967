// Content of a message that comes over an HTTP/2 stream. The peer's window opens again for what has been passed on.
#pragma once

#include <string>

#include "net/http2/http2_stream.h"
#include "protocol/limits.h"
#include "proxy/http2/spare_fields.h"
#include "proxy/message.h"
#include "runtime/memory/text_pool.h"

namespace ripstop::proxy {

class Http2Source final : public MessageSource {
 public:
  // Both must outlive the source.
  Http2Source(net::Http2Stream& stream, const protocol::Limits& limits) : stream_(&stream), limits_(&limits) {}
  Http2Source(const Http2Source&) = delete;
  Http2Source& operator=(const Http2Source&) = delete;
  ~Http2Source() override { runtime::give_text(held_); }

  // The head has been read; what follows must fit its framing.
  void begin(protocol::BodyFraming framing);
  // What follows is a tunnel's: this message has no content.
  void begin_tunnel() { is_complete_ = true; }

  BodyPiece try_body(bool may_read) override;
  runtime::Event& readable() override { return stream_->readable(); }
  [[nodiscard]] const protocol::Fields& trailers() const override { return trailers_ ? *trailers_ : none(); }
  // All of the message has been given out.
  [[nodiscard]] bool is_complete() const { return is_complete_; }

 private:
  static const protocol::Fields& none();
  BodyPiece take();
  BodyPiece finish();

  net::Http2Stream* stream_;
  const protocol::Limits* limits_;
  protocol::BodyFraming framing_;
  uint64_t left_ = 0;  // of a known length
  std::string held_;   // given out, and kept until it has been sent
  bool is_complete_ = false;
  SpareFields trailers_;  // null: none
};

}  // namespace ripstop::proxy
