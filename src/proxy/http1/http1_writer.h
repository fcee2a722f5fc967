// Sends HTTP/1 messages to a stream. Head and small texts are gathered in a block that is held only until they are out;
// content is sent from where it lies.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "net/stream.h"
#include "protocol/head.h"
#include "protocol/http1/head_writer.h"
#include "proxy/message.h"
#include "runtime/memory/block_pool.h"

namespace ripstop::proxy {

class Http1Writer : public MessageSink {
 public:
  explicit Http1Writer(net::Stream& stream) : stream_(&stream) {}

  // Begins a message; only while is_flushed(). Content follows as the head's framing says.
  void queue_head(const protocol::RequestHead& head, protocol::ConnectionSignal signal);
  void queue_head(const protocol::ResponseHead& head, protocol::ConnectionSignal signal);
  // An interim response ("HTTP/1.1 100 Continue…"), whole.
  void queue_text(std::string_view text);

  // The message that was begun is the last one: our side of the connection ends with it.
  void expect_end() { is_last_ = true; }
  void queue_body(std::string_view data) override;
  void queue_end(const protocol::Fields& trailers) override;
  [[nodiscard]] bool has_room() const override { return piece_count_ + 3 < pieces_.size(); }
  [[nodiscard]] bool is_flushed() const override { return piece_count_ == first_; }
  runtime::Transfer::State try_flush() override;
  runtime::Event& writable() override { return stream_->writable(); }

 private:
  template <typename Head>
  void begin(const Head& head, protocol::ConnectionSignal signal);
  [[nodiscard]] std::span<char> room_for_text(size_t size);
  [[nodiscard]] bool is_worth_copying(size_t size) const;
  void push(std::string_view bytes);

  net::Stream* stream_;
  bool is_chunked_ = false;
  bool is_last_ = false;
  runtime::Block text_;
  std::vector<runtime::Block> full_texts_;  // earlier ones of this batch, while their bytes are not out
  size_t text_size_ = 0;
  std::array<iovec, 20> pieces_;
  size_t first_ = 0;
  size_t piece_count_ = 0;
};

}  // namespace ripstop::proxy
