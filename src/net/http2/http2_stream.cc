#include "net/http2/http2_stream.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/http2/http2_core.h"
#include "net/http2/http2_spare_blocks.h"
#include "runtime/memory/text_pool.h"

namespace ripstop::net {

const Stream* Http2Stream::transport() const {
  return core_ == nullptr ? nullptr : &core_->transport();
}

int Http2Stream::status() const {
  return parse_number<int>(head_.find(":status").value_or("")).value_or(0);
}

Status Http2Stream::check_readable() const {
  if (peer_ended_) return {};
  if (failure_) return std::unexpected(*failure_);
  if (core_ == nullptr || reset_asked_) return fail(ErrorCode::kCancelled, "the stream was ended here");
  return {};
}

runtime::Task<Status> Http2Stream::read_head(TimePoint deadline) {
  while (!has_head()) {
    if (Status usable = check_readable(); !usable) co_return usable;
    if (peer_ended_) co_return fail(ErrorCode::kReset, "the peer ended the stream without a head");
    readable_.clear();
    if (!co_await readable_.wait(deadline)) co_return fail(ErrorCode::kTimeout, "no response in time");
  }
  next_head();
  co_return Status{};
}

bool Http2Stream::next_head() {
  if (!has_head()) return false;
  head_.swap(next_head_);
  next_head_.clear();
  if (later_heads_.empty()) return true;
  next_head_.swap(later_heads_.front());
  later_heads_.erase(later_heads_.begin());
  return true;
}

runtime::Task<Result<std::string_view>> Http2Stream::read_body(TimePoint deadline) {
  while (body().empty()) {
    if (peer_ended_) co_return std::string_view();
    if (Status usable = check_readable(); !usable) co_return fail_with(usable);
    readable_.clear();
    if (!co_await readable_.wait(deadline)) co_return fail(ErrorCode::kTimeout, "the peer sent nothing in time");
  }
  co_return body();
}

void Http2Stream::take_body(std::string& into) {
  received_.erase(0, std::exchange(consumed_, 0));
  into.swap(received_);
  taken_ += into.size();
}

void Http2Stream::consume(size_t bytes) {
  bytes = std::min(bytes, taken_ + received_.size() - consumed_);
  const size_t from_taken = std::min(bytes, taken_);
  taken_ -= from_taken;
  consumed_ += bytes - from_taken;
  if (consumed_ == received_.size()) {
    received_.clear();
    consumed_ = 0;
  }
  if (core_ != nullptr) core_->consumed(*this, bytes);
}

Status Http2Stream::check_writable() const {
  if (core_ != nullptr && is_open_ && !reset_asked_) return {};
  if (failure_) return std::unexpected(*failure_);
  return fail(ErrorCode::kClosed, "the peer wants no more of this stream");
}

Status Http2Stream::write_head(const FieldBlock& head, bool is_last) {
  if (Status usable = check_writable(); !usable) return usable;
  if (head_written_) return fail(ErrorCode::kInvalidArgument, "the stream's head was written already");
  return core_->submit_head(*this, head, is_last);
}

Result<size_t> Http2Stream::try_write_body(std::string_view bytes) {
  if (Status usable = check_writable(); !usable) return fail_with(usable);
  if (!head_written_ || end_written_) return fail(ErrorCode::kInvalidArgument, "a body comes after its head");
  const size_t waiting = unsent().size();
  const size_t taken = std::min(core_->send_room(*this), bytes.size());
  if (taken < bytes.size()) writable_.clear();
  if (taken == 0) return taken;
  if (sent_ > waiting) {
    unsent_.erase(0, sent_);
    sent_ = 0;
  }
  core_->output_ready(*this, taken);
  runtime::take_text(unsent_);
  unsent_.append(bytes.substr(0, taken));
  return taken;
}

runtime::Task<Status> Http2Stream::write_body(std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    const Result<size_t> taken = try_write_body(bytes);
    if (!taken) co_return std::unexpected(taken.error());
    bytes.remove_prefix(*taken);
    if (bytes.empty()) break;
    if (!co_await writable_.wait(deadline)) co_return fail(ErrorCode::kTimeout, "the peer takes no more of the body");
  }
  co_return Status{};
}

Status Http2Stream::end(const FieldBlock& trailers) {
  if (Status usable = check_writable(); !usable) return usable;
  if (!head_written_ || end_written_) return fail(ErrorCode::kInvalidArgument, "a stream ends once, after its head");
  end_written_ = true;
  if (!trailers.is_empty()) {
    take_spare(trailers_out_);
    trailers_out_ = trailers;
  }
  core_->output_ready(*this, 0);
  return {};
}

void Http2Stream::reset(Http2Code code) {
  if (core_ != nullptr) core_->reset(*this, code);
}

void ReleaseHttp2Stream::operator()(Http2Stream* stream) const noexcept {
  if (stream->core_ != nullptr) {
    stream->core_->release(*stream);
  } else {
    delete stream;
  }
}

}  // namespace ripstop::net
