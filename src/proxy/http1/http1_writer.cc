#include "proxy/http1/http1_writer.h"

#include <algorithm>
#include <cstring>

#include "protocol/http1/body.h"

namespace ripstop::proxy {
namespace {

constexpr size_t kTextBlock = 4U << 10;
constexpr size_t kTextReserve = 512;  // chunk prefixes and the last chunk of one batch
// Content of this size behind a head is copied: the kernel takes one piece by a shorter way than two.
constexpr size_t kCopied = 2U << 10;

}  // namespace

std::span<char> Http1Writer::room_for_text(size_t size) {
  if (!text_.is_held() || text_.size() - text_size_ < size) {
    if (text_.is_held()) full_texts_.push_back(std::move(text_));
    text_ = runtime::Block::take(std::max(kTextBlock, size + kTextReserve));
    text_size_ = 0;
  }
  return {text_.data() + text_size_, text_.size() - text_size_};
}

void Http1Writer::push(std::string_view bytes) {
  if (bytes.empty()) return;
  // Adjacent texts become one piece.
  if (piece_count_ > first_) {
    iovec& last = pieces_[piece_count_ - 1];
    if (static_cast<char*>(last.iov_base) + last.iov_len == bytes.data()) {
      last.iov_len += bytes.size();
      return;
    }
  }
  pieces_[piece_count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
}

template <typename Head>
void Http1Writer::begin(const Head& head, protocol::ConnectionSignal signal) {
  const std::span<char> room = room_for_text(protocol::encoded_bound(head));
  const size_t size = protocol::encode(head, signal, room);
  push({room.data(), size});
  text_size_ += size;
  is_chunked_ = head.framing.kind == protocol::BodyFraming::Kind::kChunked;
}

void Http1Writer::queue_head(const protocol::RequestHead& head, protocol::ConnectionSignal signal) {
  begin(head, signal);
}

void Http1Writer::queue_head(const protocol::ResponseHead& head, protocol::ConnectionSignal signal) {
  begin(head, signal);
}

void Http1Writer::queue_text(std::string_view text) {
  const std::span<char> room = room_for_text(text.size());
  std::memcpy(room.data(), text.data(), text.size());
  push({room.data(), text.size()});
  text_size_ += text.size();
}

bool Http1Writer::is_worth_copying(size_t size) const {
  return size <= kCopied && text_.is_held() && text_.size() - text_size_ >= size + kTextReserve;
}

void Http1Writer::queue_body(std::string_view data) {
  if (data.empty()) return;
  if (is_chunked_) queue_text(protocol::ChunkPrefix(data.size()).text());
  is_worth_copying(data.size()) ? queue_text(data) : push(data);
  if (is_chunked_) queue_text(protocol::kChunkEnd);
}

void Http1Writer::queue_end(const protocol::Fields& trailers) {
  if (is_last_) stream_->expect_end();
  if (!is_chunked_) return;
  size_t size = protocol::kLastChunk.size() + 2;
  for (const protocol::Field& field : trailers) size += field.name.size() + field.value.size() + 4;
  // In one piece: has_room() has kept no more than that.
  const std::span<char> room = room_for_text(size);
  char* end = room.data();
  const auto put = [&end](std::string_view text) { end = std::ranges::copy(text, end).out; };
  put(protocol::kLastChunk);
  for (const protocol::Field& field : trailers) {
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }
  put("\r\n");
  push({room.data(), size});
  text_size_ += size;
  is_chunked_ = false;
}

runtime::Transfer::State Http1Writer::try_flush() {
  while (!is_flushed()) {
    const runtime::Transfer sent = stream_->try_writev({pieces_.data() + first_, piece_count_ - first_});
    if (sent.state != runtime::Transfer::State::kDone) return sent.state;
    for (size_t left = sent.bytes; left > 0;) {
      iovec& piece = pieces_[first_];
      if (piece.iov_len > left) {
        piece.iov_base = static_cast<char*>(piece.iov_base) + left;
        piece.iov_len -= left;
        break;
      }
      left -= piece.iov_len;
      ++first_;
    }
  }
  first_ = piece_count_ = 0;
  text_.give_back();
  full_texts_.clear();
  return runtime::Transfer::State::kDone;
}

}  // namespace ripstop::proxy
