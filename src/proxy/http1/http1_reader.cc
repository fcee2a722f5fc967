#include "proxy/http1/http1_reader.h"

#include <algorithm>
#include <utility>

namespace ripstop::proxy {
namespace {

using runtime::Transfer;

constexpr size_t kHeadReadSize = 4U << 10;
constexpr size_t kFirstBodyReadSize = 16U << 10;
constexpr size_t kLargestBodyReadSize = 256U << 10;

}  // namespace

Http1Reader::Http1Reader(net::Stream& stream, const protocol::RequestRules& rules, runtime::ByteBuffer received)
    : stream_(&stream),
      rules_(&rules),
      request_parser_(rules),
      response_parser_(rules.limits),
      decoder_(rules.limits),
      head_(std::move(received)),
      body_read_size_(kFirstBodyReadSize) {
  decoder_.reset(protocol::BodyFraming::none());
}

Transfer Http1Reader::fill(runtime::ByteBuffer& buffer, size_t size, bool may_grow) {
  const std::span<char> space = buffer.writable(size, may_grow);
  if (space.empty()) return {Transfer::State::kFailed, 0, 0};
  const Transfer got = stream_->try_read(space);
  if (got.state == Transfer::State::kDone) buffer.commit(got.bytes);
  return got;
}

template <typename Parse>
HeadStep Http1Reader::read_head(Parse parse) {
  for (;;) {
    if (!head_.is_empty()) {
      const protocol::HeadResult result = parse(head_.readable());
      if (result.state == protocol::HeadResult::State::kFault) return {HeadStep::State::kFault, result.fault};
      if (result.state == protocol::HeadResult::State::kDone) {
        head_bytes_ = result.consumed;
        body_taken_ = 0;
        return {HeadStep::State::kDone};
      }
    }
    switch (fill(head_, kHeadReadSize, true).state) {
      case Transfer::State::kDone:
        continue;
      case Transfer::State::kWouldBlock:
        head_.release_if_empty();
        return {HeadStep::State::kWouldBlock};
      case Transfer::State::kEnd:
        return {head_.is_empty() ? HeadStep::State::kEnd : HeadStep::State::kCut};
      case Transfer::State::kFailed:
        return {HeadStep::State::kCut};
    }
  }
}

Transfer::State Http1Reader::try_receive() {
  const Transfer::State state = fill(head_, kHeadReadSize, true).state;
  head_.release_if_empty();
  return state;
}

HeadStep Http1Reader::try_head(protocol::RequestHead& head) {
  const HeadStep step = read_head([&](std::string_view bytes) { return request_parser_.parse(bytes, head); });
  if (step.state == HeadStep::State::kDone) {
    request_parser_.reset();
    decoder_.reset(head.framing);
  }
  return step;
}

HeadStep Http1Reader::try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) {
  const HeadStep step = read_head([&](std::string_view bytes) { return response_parser_.parse(bytes, context, head); });
  if (step.state == HeadStep::State::kDone) {
    response_parser_.reset();
    decoder_.reset(head.framing);
  }
  return step;
}

void Http1Reader::skip_interim() {
  head_.consume(head_bytes_);
  head_bytes_ = 0;
}

BodyPiece Http1Reader::try_body(bool may_read) {
  for (;;) {
    if (decoder_.is_done()) return {BodyPiece::State::kEnd};
    const std::string_view behind_head = head_.readable().substr(head_bytes_ + body_taken_);
    const bool from_head = !behind_head.empty();
    const std::string_view here = from_head ? behind_head : body_.readable();
    if (here.empty()) {
      if (!may_read) return {BodyPiece::State::kWouldBlock};
      const size_t size = runtime::Block::affordable(body_read_size_);
      if (body_.capacity() != size) body_.release_if_empty();
      const Transfer got = fill(body_, size, false);
      if (got.state == Transfer::State::kDone) {
        // A flow that fills the block deserves a larger one.
        if (got.bytes == body_.capacity()) body_read_size_ = std::min(kLargestBodyReadSize, body_.capacity() * 4);
        continue;
      }
      body_.release_if_empty();
      if (got.state == Transfer::State::kWouldBlock) return {BodyPiece::State::kWouldBlock};
      const bool is_proper = got.state == Transfer::State::kEnd && decoder_.end_of_stream();
      return {is_proper ? BodyPiece::State::kEnd : BodyPiece::State::kCut};
    }
    const protocol::BodyStep step = decoder_.next(here);
    if (from_head) {
      body_taken_ += step.consumed;
    } else {
      body_.consume(step.consumed);
    }
    if (step.state == protocol::BodyStep::State::kFault)
      return {.state = BodyPiece::State::kFault, .fault = step.fault};
    if (step.state != protocol::BodyStep::State::kData) continue;
    return {.state = BodyPiece::State::kData, .data = step.data, .is_last = decoder_.is_done()};
  }
}

// What has come behind the message belongs to the next one and moves to the front of the head's buffer.
void Http1Reader::end_message() {
  head_.consume(head_bytes_ + body_taken_);
  head_bytes_ = body_taken_ = 0;
  if (!body_.is_empty()) {
    const std::string_view next = body_.readable();
    head_.append(next);
    body_.consume(next.size());
  }
  body_.release_if_empty();
  head_.release_if_empty();
  body_read_size_ = kFirstBodyReadSize;
}

std::string_view Http1Reader::rest() const {
  const std::string_view behind_head = head_.readable().substr(head_bytes_ + body_taken_);
  return behind_head.empty() ? body_.readable() : behind_head;
}

bool Http1Reader::probe_is_gone() {
  // What waits behind the head must stay in front of anything that comes later.
  if (!rest().empty()) return false;
  const Transfer got = fill(body_, kHeadReadSize, false);
  if (got.state != Transfer::State::kDone) body_.release_if_empty();
  return got.state == Transfer::State::kFailed && got.error_number != 0;
}

}  // namespace ripstop::proxy
