// Content of a message that goes out over an HTTP/2 stream. What the peer's window does not let go waits in the
// stream's bounded buffer, and then with whoever produces it.
#pragma once

#include <array>
#include <string_view>

#include "net/http2/http2_spare_blocks.h"
#include "net/http2/http2_stream.h"
#include "proxy/message.h"

namespace ripstop::proxy {

class Http2Sink final : public MessageSink {
 public:
  Http2Sink() = default;
  Http2Sink(const Http2Sink&) = delete;
  Http2Sink& operator=(const Http2Sink&) = delete;
  ~Http2Sink() override { net::keep_spare(trailers_); }

  // The final head has been written to `stream`, which must outlive what follows; `is_last`: nothing does.
  void begin(net::Http2Stream& stream, bool is_last);
  // The head could not be written: every flush fails.
  void fail() { stream_ = nullptr; }

  void queue_body(std::string_view data) override;
  void queue_end(const protocol::Fields& trailers) override;
  [[nodiscard]] bool has_room() const override { return count_ < pieces_.size(); }
  [[nodiscard]] bool is_flushed() const override { return first_ == count_ && wants_end_ == has_ended_; }
  runtime::Transfer::State try_flush() override;
  runtime::Event& writable() override { return stream_ == nullptr ? failed_ : stream_->writable(); }

 private:
  net::Http2Stream* stream_ = nullptr;
  std::array<std::string_view, 8> pieces_;
  size_t first_ = 0;
  size_t count_ = 0;
  bool wants_end_ = false;
  bool has_ended_ = false;
  protocol::FieldBlock trailers_;
  runtime::Event failed_{true};
};

}  // namespace ripstop::proxy
