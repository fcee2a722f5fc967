// Receives HTTP/1 messages from a stream: heads by the strict parser, content piece by piece.
//
// The bytes of a head stay where they are until the message has been read to its end, because the head's views point
// at them; content that does not fit behind the head goes through a block of its own. Blocks are given back whenever
// nothing is left in them.
#pragma once

#include <string_view>

#include "net/stream.h"
#include "protocol/http1/body.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http1/response_parser.h"
#include "proxy/message.h"
#include "runtime/memory/block_pool.h"

namespace ripstop::proxy {

class Http1Reader : public MessageSource {
 public:
  // `rules` must outlive the reader. `received` was read from the stream before.
  Http1Reader(net::Stream& stream, const protocol::RequestRules& rules, runtime::ByteBuffer received = {});

  // One attempt at a head, reading as needed. After kDone the head's views hold until end_message().
  HeadStep try_head(protocol::RequestHead& head);
  HeadStep try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context);
  // After an interim response: the next head replaces it.
  void skip_interim();

  BodyPiece try_body(bool may_read) override;
  runtime::Event& readable() override { return stream_->readable(); }
  [[nodiscard]] const protocol::Fields& trailers() const override { return decoder_.trailers(); }

  // The message has been read to its end: the next one may begin.
  [[nodiscard]] bool is_complete() const { return decoder_.is_done(); }
  void end_message();

  // One attempt to receive the first bytes of a message; holds no buffer when there are none. Ask before waiting for
  // readable(): a secured stream may have them already.
  runtime::Transfer::State try_receive();

  // Nothing received is waiting to be parsed.
  [[nodiscard]] bool is_empty() const { return head_.is_empty() && body_.is_empty(); }
  // Everything received and not yet parsed, for what follows a switch of protocols. Valid until the next read.
  [[nodiscard]] std::string_view rest() const;
  // Looks whether the peer has sent or ended something; true when it is gone. What it sends is kept.
  [[nodiscard]] bool probe_is_gone();

 private:
  template <typename Parse>
  HeadStep read_head(Parse parse);
  runtime::Transfer fill(runtime::ByteBuffer& buffer, size_t size, bool may_grow);
  void begin_body(size_t head_bytes, protocol::BodyFraming framing);

  net::Stream* stream_;
  const protocol::RequestRules* rules_;
  protocol::RequestParser request_parser_;
  protocol::ResponseParser response_parser_;
  protocol::BodyDecoder decoder_;
  runtime::ByteBuffer head_;
  runtime::ByteBuffer body_;
  size_t head_bytes_ = 0;  // of the message being read, at the front of head_
  size_t body_taken_ = 0;  // bytes of head_ behind the head that the decoder has consumed
  size_t body_read_size_;
};

}  // namespace ripstop::proxy
