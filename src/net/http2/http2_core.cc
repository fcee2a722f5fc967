#include "net/http2/http2_core.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/linger.h"
#include "runtime/memory/block_pool.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

constexpr size_t kReadSize = 64U << 10;
constexpr int kReadsPerTurn = 4;
constexpr int kRoundsPerTurn = 8;
// While so much waits for the transport, nothing more is taken from nghttp2. Reading goes on, for two peers that both
// wait to be read would wait for ever; what reading can queue has its own bounds: acknowledgements in nghttp2, resets
// in Http2FloodGuard, bodies in the streams' buffers.
constexpr size_t kOutputLimit = 128U << 10;

// The thread's, used within a flush, so that an idle connection has none.
std::string& spare_output() {
  thread_local std::string spare;
  return spare;
}

// A server's first frame is SETTINGS (RFC 9113 section 3.4), and no frame is so long that the first byte of its length
// is in use. Text, TLS and the greetings of other protocols begin otherwise.
bool may_be_http2(std::string_view first) {
  return first.starts_with('\0');
}

Error not_http2() {
  return {ErrorCode::kUnsupported, ErrorOrigin::kUpstream, Retry::kSafe,
          "the server speaks another protocol than HTTP/2"};
}

void append_goaway(std::string& output, int32_t last_stream, Http2Code code) {
  std::array<uint8_t, 17> frame{0, 0, 8, NGHTTP2_GOAWAY};
  const auto put = [&frame](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) frame[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  };
  put(9, static_cast<uint32_t>(last_stream));
  put(13, static_cast<uint32_t>(code));
  output.append(reinterpret_cast<const char*>(frame.data()), frame.size());
}

}  // namespace

Http2Core::Http2Core(StreamPtr transport, bool is_server, Http2Connection::Handler handler, const Http2Options& options)
    : transport_(std::move(transport)),
      is_server_(is_server),
      options_(options),
      handler_(std::move(handler)),
      guard_(options) {
  started_ = heard_ = idle_since_ = runtime::Reactor::current().now();
}

Http2Core::~Http2Core() {
  driver_.cancel();
  finish(Error{ErrorCode::kCancelled, ErrorOrigin::kInternal, Retry::kNever, "the connection was given up"});
  tasks_.cancel();
  arrived_.clear();
  dispatch();
  while (streams_ != nullptr) {
    Http2Stream& stream = *streams_;
    unlink(stream);
    stream.core_ = nullptr;
  }
  nghttp2_session_del(session_);
}

void Http2Core::start(std::string received) {
  early_ = std::move(received);
  session_ = make_session(*this);
  driver_.spawn(run());
}

void Http2Core::abandon(std::shared_ptr<Http2Core> self) {
  if (!self->in_turn_) return;
  self->finish(Error{ErrorCode::kCancelled, ErrorOrigin::kInternal, Retry::kNever, "the connection was given up"});
  runtime::Reactor::current().defer([kept = std::move(self)] {});
}

runtime::Task<void> Http2Core::run() {
  while (true) {
    turn();
    if (is_over_) break;
    wake_.clear();
    runtime::Event& readable = transport_->readable();
    runtime::Event& writable = transport_->writable();
    if (!is_blocked_) {
      co_await runtime::wait_either(readable, wake_, next_deadline());
    } else if (&readable != &writable) {
      // Whatever wake_ announces could not be written now.
      co_await runtime::wait_either(readable, writable, next_deadline());
    } else {
      co_await readable.wait(next_deadline());
    }
  }
  // A client that said goodbye may still ask whether we are there; one that gave up or broke the rules is owed nothing.
  if (is_server_ && !failure_ && !has_heard_end_) co_await linger(*transport_);
  // What is woken here may let go of the connection, which then lives until the next turn of the reactor.
  in_turn_ = true;
  tasks_.cancel();
  transport_->close();
  wake_settling();
  closed_.set();
  in_turn_ = false;
}

void Http2Core::turn() {
  const TimePoint now = runtime::Reactor::current().now();
  in_turn_ = true;
  on_time(now);
  receive(now);
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    dispatch();
    flush(now);
    if (is_over_ || due_.empty()) break;
  }
  if (is_over_) {
    dispatch();
  } else if (!due_.empty() || !is_drained_) {
    schedule_turn();
  }
  in_turn_ = false;
}

void Http2Core::receive(TimePoint now) {
  if (!early_.empty()) feed(std::exchange(early_, {}));
  if (is_over_) return;
  if (is_drained_ && !transport_->readable().is_set()) return;
  is_drained_ = false;
  const runtime::Block block = runtime::Block::take(kReadSize);
  const std::span<char> buffer(block.data(), block.size());
  for (int i = 0; i < kReadsPerTurn && !is_over_; ++i) {
    const Transfer got = transport_->try_read(buffer);
    is_drained_ = got.state == Transfer::State::kWouldBlock;
    if (is_drained_) return;
    if (got.state == Transfer::State::kEnd) {
      has_heard_end_ = true;
      const bool in_order = open_streams_ == 0 && has_settings_;
      if (in_order) return finish(std::nullopt);
      return finish(Error{ErrorCode::kReset, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream,
                          Retry::kNever, "the peer closed the connection while streams were open"});
    }
    if (got.state == Transfer::State::kFailed) {
      return finish(Error{ErrorCode::kReset, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream,
                          Retry::kNever, "the connection broke off: " + transport_->failure()});
    }
    heard_ = now;
    feed({buffer.data(), got.bytes});
    // Plain sockets clear the event on a short read, which saves the attempt that would only say so.
    is_drained_ = transport_->tls() == nullptr && !transport_->readable().is_set();
    if (is_drained_) return;
  }
}

void Http2Core::feed(std::string_view bytes) {
  const bool is_first = !std::exchange(has_heard_, true);
  if (is_first && !is_server_ && !may_be_http2(bytes)) return finish(not_http2());
  if (const auto code = is_server_ ? scan_.scan(bytes) : std::nullopt) {
    refusal_code_ = *code;
    return end_refused("a frame came on a stream that cannot have it");
  }
  for (size_t unknown = scan_.take_unknown(); unknown > 0; --unknown) {
    if (guard_.on_useless_frame(heard_)) continue;
    static_cast<void>(calm_down("too many frames of unknown types"));
    return end_refused(refusal_);
  }
  const ssize_t used = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (used >= 0) return;
  if (refusal_.empty() && used == NGHTTP2_ERR_FLOODED) {
    static_cast<void>(calm_down("the peer sent more frames that need an answer than it takes answers"));
  }
  if (refusal_.empty() && used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
    static_cast<void>(calm_down("a header block in too many pieces"));
  }
  end_refused(refusal_.empty() ? nghttp2_strerror(static_cast<int>(used)) : refusal_);
}

// nghttp2 is of no more use after a failed callback, so the last frame is written by hand.
void Http2Core::end_refused(std::string reason) {
  append_goaway(output_, nghttp2_session_get_last_proc_stream_id(session_), refusal_code_);
  static_cast<void>(transport_->try_write(std::string_view(output_).substr(written_)));
  const bool is_flood = refusal_code_ == Http2Code::kEnhanceYourCalm;
  finish(Error{is_flood ? ErrorCode::kTooLarge : ErrorCode::kParse,
               is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream, Retry::kNever,
               "the HTTP/2 connection was ended: " + reason});
}

void Http2Core::dispatch() {
  if (!is_over_) {
    starting_.swap(arrived_);
    for (Http2StreamPtr& stream : starting_) tasks_.spawn(handler_(std::move(stream)));
    starting_.clear();
  }
  if (has_settings_) wake_settling();
  for (size_t i = 0; i < due_.size(); ++i) {
    if (due_[i] != nullptr) wake_one(i);
  }
  due_.clear();
}

// Each of them may let others go, who then take their events away.
void Http2Core::wake_settling() {
  while (!settling_.empty()) {
    runtime::Event* const one = settling_.back();
    settling_.pop_back();
    one->set();
  }
}

// Each event's waiter may release the stream, which then takes its place in the queue away.
void Http2Core::wake_one(size_t index) {
  Http2Stream& stream = *due_[index];
  const uint8_t due = std::exchange(stream.waking_, uint8_t{0});
  stream.waking_ = kQueued;
  if ((due & kWakeReader) != 0) stream.readable_.set();
  if (due_[index] != nullptr && (due & kWakeWriter) != 0) stream.writable_.set();
  if (due_[index] != nullptr && (due & kWakeClosed) != 0) stream.closed_.set();
  if (due_[index] == nullptr) return;
  stream.waking_ = static_cast<uint8_t>(stream.waking_ & ~kQueued);
  if (const uint8_t again = std::exchange(stream.waking_, uint8_t{0}); again != 0) wake(stream, again);
}

void Http2Core::wake(Http2Stream& stream, uint8_t what) {
  if (!stream.is_held_) return;
  const bool is_queued = (stream.waking_ & kQueued) != 0;
  stream.waking_ = static_cast<uint8_t>(stream.waking_ | what | kQueued);
  if (is_queued) return;
  stream.due_at_ = static_cast<uint32_t>(due_.size());
  due_.push_back(&stream);
}

bool Http2Core::fill_output() {
  while (unwritten() < kOutputLimit) {
    const uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    if (count < 0) {
      end_refused(refusal_.empty() ? nghttp2_strerror(static_cast<int>(count)) : refusal_);
      return false;
    }
    if (count == 0) break;
    output_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  }
  return true;
}

void Http2Core::flush(TimePoint now) {
  if (is_over_ || (is_blocked_ && !transport_->writable().is_set())) return;
  const bool borrows = output_.empty();
  if (borrows) output_.swap(spare_output());
  is_blocked_ = false;
  while (fill_output() && unwritten() != 0) {
    const Transfer sent = transport_->try_write(std::string_view(output_).substr(written_));
    if (sent.state == Transfer::State::kFailed || sent.state == Transfer::State::kEnd) {
      return finish(Error{ErrorCode::kReset, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream,
                          Retry::kNever, "the connection broke off: " + transport_->failure()});
    }
    if (sent.state == Transfer::State::kWouldBlock) {
      if (output_moved_ == kNever) output_moved_ = now;
      is_blocked_ = true;
      return;
    }
    written_ += sent.bytes;
    output_moved_ = now;
    if (unwritten() == 0 || written_ >= kOutputLimit) output_.erase(0, std::exchange(written_, 0));
  }
  if (is_over_) return;
  output_moved_ = kNever;
  if (borrows) {
    output_.swap(spare_output());
  } else {
    output_ = {};
  }
  finish_drain();
}

// What a turn's coroutines produce goes out at that turn's end.
void Http2Core::schedule() {
  if (!in_turn_) schedule_turn();
}

void Http2Core::schedule_turn() {
  if (is_scheduled_ || is_over_) return;
  is_scheduled_ = true;
  runtime::Reactor::current().defer([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->is_scheduled_ = false;
    self->wake_.set();
  });
}

void Http2Core::finish(std::optional<Error> failure) {
  if (std::exchange(is_over_, true)) return;
  failure_ = std::move(failure);
  for (Http2Stream* stream = streams_; stream != nullptr;) {
    Http2Stream& current = *std::exchange(stream, stream->next_);
    if (std::exchange(current.is_open_, false)) {
      current.failure_ = connection_error(current);
      wake(current, kWakeReader | kWakeWriter | kWakeClosed);
    }
    if (!current.is_held_) forget(current);
  }
  open_streams_ = 0;
}

}  // namespace ripstop::net
