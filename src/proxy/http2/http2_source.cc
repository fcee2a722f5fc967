#include "proxy/http2/http2_source.h"

#include "protocol/http2/header_block.h"

namespace ripstop::proxy {

using Kind = protocol::BodyFraming::Kind;

const protocol::Fields& Http2Source::none() {
  static const protocol::Fields fields;
  return fields;
}

void Http2Source::begin(protocol::BodyFraming framing) {
  framing_ = framing;
  left_ = framing.length;
}

BodyPiece Http2Source::try_body(bool may_read) {
  if (is_complete_) return {BodyPiece::State::kEnd};
  if (!held_.empty() && may_read) {
    stream_->consume(held_.size());
    held_.clear();
  }
  if (!stream_->body().empty()) return held_.empty() ? take() : BodyPiece{BodyPiece::State::kWouldBlock};
  if (stream_->peer_ended()) return finish();
  if (stream_->failure() || stream_->closed().is_set()) return {BodyPiece::State::kCut};
  stream_->readable().clear();
  return {BodyPiece::State::kWouldBlock};
}

BodyPiece Http2Source::take() {
  const size_t size = stream_->body().size();
  const bool is_open_ended = framing_.kind == Kind::kChunked;
  if (!is_open_ended && size > left_)
    return {.state = BodyPiece::State::kFault, .fault = protocol::Fault::kLengthMismatch};
  if (!is_open_ended) left_ -= size;
  stream_->take_body(held_);
  is_complete_ = stream_->has_ended() && stream_->trailers().is_empty() && (is_open_ended || left_ == 0);
  return {.state = BodyPiece::State::kData, .data = held_, .is_last = is_complete_};
}

BodyPiece Http2Source::finish() {
  if (framing_.kind == Kind::kLength && left_ != 0) {
    return {.state = BodyPiece::State::kFault, .fault = protocol::Fault::kLengthMismatch};
  }
  is_complete_ = true;
  if (stream_->trailers().is_empty()) return {BodyPiece::State::kEnd};
  trailers_ = take_spare_fields();
  const protocol::Fault fault = protocol::read_trailers(stream_->trailers(), *limits_, *trailers_);
  if (fault != protocol::Fault::kNone) {
    is_complete_ = false;
    return {.state = BodyPiece::State::kFault, .fault = fault};
  }
  return {BodyPiece::State::kEnd};
}

}  // namespace ripstop::proxy
