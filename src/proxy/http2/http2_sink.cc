#include "proxy/http2/http2_sink.h"

#include <utility>

#include "protocol/http2/header_block.h"

namespace ripstop::proxy {

using State = runtime::Transfer::State;

void Http2Sink::begin(net::Http2Stream& stream, bool is_last) {
  stream_ = &stream;
  wants_end_ = has_ended_ = is_last;
}

void Http2Sink::queue_body(std::string_view data) {
  if (!data.empty() && !wants_end_) pieces_[count_++] = data;
}

void Http2Sink::queue_end(const protocol::Fields& trailers) {
  if (std::exchange(wants_end_, true)) return;
  if (trailers.begin() == trailers.end()) return;
  net::take_spare(trailers_);
  protocol::write_trailers(trailers, trailers_);
}

State Http2Sink::try_flush() {
  if (stream_ == nullptr) return State::kFailed;
  for (; first_ < count_; ++first_) {
    std::string_view& piece = pieces_[first_];
    const Result<size_t> taken = stream_->try_write_body(piece);
    if (!taken) return State::kFailed;
    piece.remove_prefix(*taken);
    if (!piece.empty()) return State::kWouldBlock;
  }
  first_ = count_ = 0;
  if (wants_end_ == has_ended_) return State::kDone;
  has_ended_ = true;
  return stream_->end(trailers_) ? State::kDone : State::kFailed;
}

}  // namespace ripstop::proxy
