// One HTTP/2 stream: a request and its response, from either side.
//
// Bodies are pulled: the peer may send a window's worth ahead and gets more window only for what consume() was told.
// One coroutine may read while another writes. Everything happens on the connection's thread. What is written is kept
// in a bounded buffer and goes out with the connection's next flush, all streams' together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "protocol/http2/field_block.h"
#include "runtime/event.h"
#include "runtime/memory/frame_pool.h"
#include "runtime/task.h"

namespace ripstop::net {

using protocol::FieldBlock;

class Http2Core;
class Stream;

// RFC 9113 section 7.
enum class Http2Code : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kFlowControlError = 3,
  kStreamClosed = 5,
  kRefusedStream = 7,
  kCancel = 8,
  kConnectError = 10,
  kEnhanceYourCalm = 11,
  kHttp11Required = 13,
};

class Http2Stream {
 public:
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;
  // From the thread's pool, as coroutine frames are: there is one for every request.
  static void* operator new(size_t size) { return runtime::allocate_frame(size); }
  static void operator delete(void* stream, size_t size) { runtime::free_frame(stream, size); }

  [[nodiscard]] int32_t id() const { return id_; }
  // Who is at the other end; null once the connection is gone.
  [[nodiscard]] const Stream* transport() const;

  // --- what the peer says ---

  // Server: the request's head, there from the start. Client: the head that read_head() gave last.
  [[nodiscard]] const FieldBlock& head() const { return head_; }
  // Client: waits for the next head: 1xx ones (is_interim) as they come, then the final one.
  runtime::Task<Status> read_head(TimePoint deadline);
  // The :status of head(); 0 when there is none.
  [[nodiscard]] int status() const;
  [[nodiscard]] bool is_interim() const { return status() / 100 == 1; }

  // The bytes that have arrived and were not consumed, at least one; empty at the end of the body, after which
  // trailers() is right. The view is valid until the next wait or consume().
  runtime::Task<Result<std::string_view>> read_body(TimePoint deadline);
  // Says that the first `bytes` of the body are done with; this is what opens the peer's window.
  void consume(size_t bytes);
  // Hands over all of body() by swapping buffers, for readers that keep it while more arrives; `into` should be empty.
  // It counts as unread until consume() is told.
  void take_body(std::string& into);
  [[nodiscard]] const FieldBlock& trailers() const { return trailers_; }
  // The peer has said all, though not all of it may have been read.
  [[nodiscard]] bool peer_ended() const { return peer_ended_; }

  // The same without waiting: what is there, whether that was all, and the event to wait for more (or for a failure).
  [[nodiscard]] std::string_view body() const { return std::string_view(received_).substr(consumed_); }
  [[nodiscard]] bool has_head() const { return !next_head_.is_empty(); }
  // Client: makes the next head that has arrived head(); false when there is none.
  bool next_head();
  [[nodiscard]] bool has_ended() const { return peer_ended_ && !has_head() && consumed_ == received_.size(); }
  [[nodiscard]] runtime::Event& readable() { return readable_; }

  // --- what we say ---

  // Server: any number of 1xx heads, then one final. Client: open() has sent it. `is_last`: neither body nor trailers.
  Status write_head(const FieldBlock& head, bool is_last = false);
  // All of `bytes`, waiting for room in the send buffer, and so for the peer's window.
  runtime::Task<Status> write_body(std::string_view bytes, TimePoint deadline);
  // As much as there is room for; wait on writable() when that is not all.
  Result<size_t> try_write_body(std::string_view bytes);
  [[nodiscard]] runtime::Event& writable() { return writable_; }
  // No more body; trailers when there are any.
  Status end(const FieldBlock& trailers = {});
  // Ends the stream in both directions, at once; what was not flushed is lost. Does nothing when it is over.
  void reset(Http2Code code);

  // --- how it ended ---

  // Set once the stream is over on the wire, in order or not. To race against work that has no other way to learn
  // that its peer is gone.
  [[nodiscard]] runtime::Event& closed() { return closed_; }
  // The peer or the connection broke it off. Retry::kSafe when the peer is known not to have processed it.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  friend class Http2Core;
  friend struct ReleaseHttp2Stream;
  explicit Http2Stream(Http2Core* core) : core_(core) {}
  ~Http2Stream() = default;

  Status check_readable() const;
  Status check_writable() const;
  [[nodiscard]] std::string_view unsent() const { return std::string_view(unsent_).substr(sent_); }

  Http2Core* core_;  // null once the connection is over
  int32_t id_ = 0;
  bool is_held_ = true;      // somebody owns an Http2StreamPtr
  bool is_open_ = true;      // nghttp2 knows it
  bool is_request_ = false;  // opened by the peer
  bool head_sent_ = false;
  bool head_written_ = false;
  bool end_written_ = false;
  bool end_sent_ = false;
  bool peer_ended_ = false;
  bool had_final_head_ = false;
  bool is_deferred_ = false;  // nghttp2 waits for resume_data
  bool reset_asked_ = false;  // by our own side
  uint8_t waking_ = 0;        // which events are due; see Http2Core
  uint32_t due_at_ = 0;       // its place among those that are to be woken
  uint16_t interim_heads_ = 0;
  uint32_t held_field_bytes_ = 0;  // as the connection counts them
  FieldBlock head_;
  FieldBlock next_head_;                 // arrived, not yet read
  std::vector<FieldBlock> later_heads_;  // behind it
  FieldBlock trailers_;
  std::string received_;
  size_t consumed_ = 0;
  size_t taken_ = 0;  // by take_body(), not consumed
  // Not yet on the wire; nghttp2 refers to their text.
  FieldBlock head_out_;
  FieldBlock trailers_out_;
  uint16_t interim_out_ = 0;  // 1xx heads not yet on the wire
  std::string unsent_;
  size_t sent_ = 0;
  TimePoint progress_{};  // when output last moved
  runtime::Event readable_;
  runtime::Event writable_{true};
  runtime::Event closed_;
  std::optional<Error> failure_;
  Http2Stream* previous_ = nullptr;
  Http2Stream* next_ = nullptr;
};

// Letting go of a stream that is not over ends it. What was written before end() is still sent, and a server that has
// said all then resets with NO_ERROR (RFC 9113 section 8.1); a server that has not resets with INTERNAL_ERROR, a client
// that does not want the rest with CANCEL.
struct ReleaseHttp2Stream {
  void operator()(Http2Stream* stream) const noexcept;
};
using Http2StreamPtr = std::unique_ptr<Http2Stream, ReleaseHttp2Stream>;

}  // namespace ripstop::net
