// The inside of an Http2Connection; include http2_connection.h instead.
//
// A turn is: read and feed nghttp2, whose callbacks only record; then wake the streams' coroutines; then write what
// they left. Coroutines are resumed inside a turn, never inside a callback.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http2/http2_connection.h"
#include "net/http2/http2_flood_guard.h"
#include "net/http2/http2_frame_scan.h"
#include "runtime/event.h"
#include "runtime/scope.h"

namespace ripstop::net {

class Http2Core : public std::enable_shared_from_this<Http2Core> {
 public:
  Http2Core(StreamPtr transport, bool is_server, Http2Connection::Handler handler, const Http2Options& options);
  Http2Core(const Http2Core&) = delete;
  Http2Core& operator=(const Http2Core&) = delete;
  ~Http2Core();

  void start(std::string received);
  // The owner lets go. Keeps `self` until the end of the turn when one is running.
  static void abandon(std::shared_ptr<Http2Core> self);

  Result<Http2StreamPtr> open(const FieldBlock& head, bool is_last);
  [[nodiscard]] bool can_open() const;
  [[nodiscard]] size_t open_streams() const { return open_streams_; }
  void drain();
  [[nodiscard]] bool is_draining() const { return is_draining_ || is_over_; }
  runtime::Task<bool> settle(TimePoint deadline);
  [[nodiscard]] bool takes_extended_connect() const;
  [[nodiscard]] runtime::Event& closed() { return closed_; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] const Stream& transport() const { return *transport_; }

  // --- for Http2Stream ---
  [[nodiscard]] bool is_server() const { return is_server_; }
  [[nodiscard]] const Http2Options& options() const { return options_; }
  Status submit_head(Http2Stream& stream, const FieldBlock& head, bool is_last);
  // Bytes of body that the stream may take from its writer now.
  [[nodiscard]] size_t send_room(const Http2Stream& stream) const;
  // The stream has its end or `more` bytes to send.
  void output_ready(Http2Stream& stream, size_t more);
  void consumed(Http2Stream& stream, size_t bytes);
  void reset(Http2Stream& stream, Http2Code code);
  // The holder is gone.
  void release(Http2Stream& stream);

 private:
  enum : uint8_t { kWakeReader = 1, kWakeWriter = 2, kWakeClosed = 4, kQueued = 8 };
  enum class Drain : uint8_t { kNone, kNoticed, kFinal };

  // http2_core.cc: the turn
  runtime::Task<void> run();
  void turn();
  void receive(TimePoint now);
  void feed(std::string_view bytes);
  void dispatch();
  void flush(TimePoint now);
  bool fill_output();
  void schedule();
  void schedule_turn();
  [[nodiscard]] size_t unwritten() const { return output_.size() - written_; }
  void finish(std::optional<Error> failure);
  void end_refused(std::string reason);
  void wake_settling();
  void wake(Http2Stream& stream, uint8_t what);
  void wake_one(size_t index);

  // http2_registry.cc: the streams; also open() to release()
  void link(Http2Stream& stream);
  void unlink(Http2Stream& stream);
  void forget(Http2Stream& stream);
  [[nodiscard]] Http2Stream* find(int32_t id);

  // http2_clock.cc: time-outs and the orderly end
  [[nodiscard]] TimePoint next_deadline() const;
  void on_time(TimePoint now);
  void keep_alive(TimePoint now);
  void reset_stalled(TimePoint now);
  void on_ping_answer();
  void send_final_goaway();
  void finish_drain();

  // http2_callbacks.cc: what nghttp2 reports
  void begin_block();
  static nghttp2_session* make_session(Http2Core& core);
  static nghttp2_session_callbacks* callbacks();
  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user);
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                       uint8_t flags, void* user);
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                               uint8_t flags, void* user);
  static int on_malformed_head(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int on_frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_data(nghttp2_session*, uint8_t flags, int32_t id, const uint8_t* bytes, size_t size, void* user);
  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t code, void* user);
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static ssize_t read_output(nghttp2_session*, int32_t id, uint8_t* into, size_t size, uint32_t* flags,
                             nghttp2_data_source* source, void* user);
  static int send_output(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t size,
                         nghttp2_data_source* source, void* user);
  static int submit_trailers(nghttp2_session* session, int32_t id, const FieldBlock& trailers);
  int calm_down(std::string_view reason);
  int count_field(size_t bytes);
  [[nodiscard]] bool is_for_nobody(const nghttp2_frame_hd& header);
  [[nodiscard]] bool hold_block(Http2Stream& stream);
  void on_block_end(Http2Stream& stream, bool is_request, bool is_last);
  void on_response_head(Http2Stream& stream);
  void on_peer_end(Http2Stream& stream);
  static void on_head_sent(Http2Stream& stream);
  [[nodiscard]] Error stream_error(uint32_t code) const;
  [[nodiscard]] Error connection_error(const Http2Stream& stream) const;

  StreamPtr transport_;
  const bool is_server_;
  const Http2Options options_;
  Http2Connection::Handler handler_;
  nghttp2_session* session_ = nullptr;
  Http2FloodGuard guard_;
  Http2FrameScan scan_;  // servers

  bool in_turn_ = false;
  bool is_scheduled_ = false;
  bool is_over_ = false;
  bool is_blocked_ = false;  // the transport took nothing more
  bool is_drained_ = false;  // the transport had nothing more
  bool is_draining_ = false;
  bool has_heard_ = false;
  bool has_heard_end_ = false;
  bool has_settings_ = false;
  bool ping_outstanding_ = false;
  bool block_too_large_ = false;
  Drain drain_ = Drain::kNone;

  std::string early_;  // received before there was a connection
  FieldBlock block_;   // the header block that is arriving
  size_t block_fields_ = 0;
  size_t block_bytes_ = 0;
  Http2Code refusal_code_ = Http2Code::kProtocolError;
  std::string refusal_;  // why a callback ended the connection

  std::string output_;
  size_t written_ = 0;

  // The error codes of the last GOAWAYs: why the session is over.
  std::optional<uint32_t> goaway_received_;
  std::optional<uint32_t> goaway_sent_;

  TimePoint started_{};
  TimePoint heard_{};
  TimePoint ping_sent_{};
  TimePoint block_began_ = kNever;
  TimePoint output_moved_ = kNever;
  TimePoint idle_since_{};
  TimePoint stall_check_ = kNever;
  TimePoint drain_noticed_{};

  Http2Stream* streams_ = nullptr;
  Http2Stream* found_ = nullptr;  // by find(), while nghttp2 knows it
  size_t open_streams_ = 0;
  size_t held_requests_ = 0;
  size_t held_field_bytes_ = 0;
  size_t unsent_bytes_ = 0;  // in the streams' send buffers
  size_t streams_begun_ = 0;
  std::vector<Http2StreamPtr> arrived_;
  std::vector<Http2StreamPtr> starting_;
  std::vector<Http2Stream*> due_;

  std::optional<Error> failure_;
  runtime::Event wake_;
  std::vector<runtime::Event*> settling_;  // of those who wait for the peer's SETTINGS
  runtime::Event closed_;
  runtime::Scope tasks_;
  runtime::Scope driver_;
};

}  // namespace ripstop::net
