#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "net/http2/http2_core.h"
#include "net/http2/http2_memory.h"
#include "net/http2/http2_spare_blocks.h"
#include "runtime/memory/text_pool.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

// RFC 9113 section 6.5.2: what a field counts beyond its text.
constexpr size_t kFieldOverhead = 32;
// A block that exceeds its budget so many times ends the connection: decoding it costs, whatever becomes of it.
constexpr size_t kIntolerable = 2;
// Encoded bytes of a malformed head that costs its stream only.
constexpr size_t kSmallBlock = 4096;

TimePoint now() {
  return runtime::Reactor::current().now();
}

std::string_view text_of(nghttp2_rcbuf* buffer) {
  const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

Http2Core& core_of(void* core) {
  return *static_cast<Http2Core*>(core);
}

}  // namespace

nghttp2_session_callbacks* Http2Core::callbacks() {
  static nghttp2_session_callbacks* const shared = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(made, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(made, on_invalid_header);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, on_malformed_head);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, on_frame_not_sent);
    nghttp2_session_callbacks_set_send_data_callback(made, send_output);
    return made;
  }();
  return shared;
}

nghttp2_session* Http2Core::make_session(Http2Core& core) {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_continuations(option, core.options_.max_continuations);
  nghttp2_session* session = nullptr;
  const int error = core.is_server_ ? nghttp2_session_server_new3(&session, callbacks(), &core, option, http2_memory())
                                    : nghttp2_session_client_new3(&session, callbacks(), &core, option, http2_memory());
  nghttp2_option_del(option);
  assert(error == 0);
  static_cast<void>(error);
  std::vector<nghttp2_settings_entry> settings = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, core.options_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(core.options_.max_field_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  if (core.is_server_) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, core.options_.max_streams});
    if (core.options_.enable_connect_protocol) settings.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(core.options_.connection_window));
  return session;
}

int Http2Core::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user) {
  Http2Core& core = core_of(user);
  if (header->type != NGHTTP2_CONTINUATION) core.block_began_ = kNever;
  const bool is_welcome = core.is_for_nobody(*header) ? core.guard_.on_useless_frame(now())
                                                      : core.guard_.on_frame_begun(header->type, now());
  return is_welcome ? 0 : core.calm_down("too many frames that carry nothing");
}

// A head on a stream that is gone is decoded for nothing, and no callback tells what is in it.
bool Http2Core::is_for_nobody(const nghttp2_frame_hd& header) {
  return is_server_ && header.type == NGHTTP2_HEADERS &&
         header.stream_id <= nghttp2_session_get_last_proc_stream_id(session_) && find(header.stream_id) == nullptr;
}

int Http2Core::calm_down(std::string_view reason) {
  refusal_code_ = Http2Code::kEnhanceYourCalm;
  refusal_ = reason;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Http2Core::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  Http2Core& core = core_of(user);
  core.begin_block();
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  // A reset frees the peer's stream at once, our handler's work not: such requests count until they are let go.
  if (core.held_requests_ >= 2 * size_t{core.options_.max_streams}) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  core.guard_.on_request();
  auto* stream = new Http2Stream(&core);
  stream->id_ = frame->hd.stream_id;
  stream->is_request_ = true;
  stream->is_held_ = false;
  core.link(*stream);
  ++core.open_streams_;
  ++core.streams_begun_;
  nghttp2_session_set_stream_user_data(session, stream->id_, stream);
  return 0;
}

void Http2Core::begin_block() {
  take_spare(block_);
  block_fields_ = block_bytes_ = 0;
  block_too_large_ = false;
  block_began_ = now();
}

int Http2Core::count_field(size_t bytes) {
  block_bytes_ += bytes + kFieldOverhead;
  ++block_fields_;
  if (block_bytes_ > kIntolerable * options_.max_field_bytes || block_fields_ > kIntolerable * options_.max_fields) {
    return calm_down("a header block far over its budget");
  }
  block_too_large_ = block_bytes_ > options_.max_field_bytes || block_fields_ > options_.max_fields;
  return 0;
}

int Http2Core::on_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value, uint8_t,
                         void* user) {
  Http2Core& core = core_of(user);
  const std::string_view name_text = text_of(name);
  const std::string_view value_text = text_of(value);
  const int verdict = core.count_field(name_text.size() + value_text.size());
  if (verdict == 0 && !core.block_too_large_) core.block_.add(name_text, value_text);
  return verdict;
}

// A field that HTTP forbids makes the message malformed (RFC 9113 section 8.2.1); nghttp2 alone would drop it.
int Http2Core::on_invalid_header(nghttp2_session* session, const nghttp2_frame* frame, nghttp2_rcbuf* name,
                                 nghttp2_rcbuf* value, uint8_t, void* user) {
  const int verdict = core_of(user).count_field(text_of(name).size() + text_of(value).size());
  if (verdict != 0) return verdict;
  if (on_malformed_head(session, frame, NGHTTP2_ERR_HTTP_HEADER, user) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
  nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// nghttp2 decodes the rest of a malformed block without telling what is in it, so the rest must be small.
int Http2Core::on_malformed_head(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS || error != NGHTTP2_ERR_HTTP_HEADER) return 0;
  const bool is_small = frame->hd.length <= kSmallBlock && (frame->hd.flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  return is_small ? 0 : core_of(user).calm_down("a large header block that is malformed");
}

int Http2Core::on_frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Http2Core& core = core_of(user);
  const bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
      core.has_settings_ = true;
      return 0;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) core.on_ping_answer();
      return 0;
    case NGHTTP2_GOAWAY:
      core.is_draining_ = true;
      core.goaway_received_ = frame->goaway.error_code;
      return 0;
    case NGHTTP2_HEADERS:
      core.block_began_ = kNever;
      if (Http2Stream* stream = core.find(frame->hd.stream_id)) {
        core.on_block_end(*stream, frame->headers.cat == NGHTTP2_HCAT_REQUEST, is_last);
      }
      return 0;
    case NGHTTP2_DATA: {
      Http2Stream* stream = core.find(frame->hd.stream_id);
      if (is_last && stream != nullptr) core.on_peer_end(*stream);
      if (is_last || frame->hd.length != frame->data.padlen) return 0;
      return core.guard_.on_empty_data(now()) ? 0 : core.calm_down("too many frames that carry nothing");
    }
    default:
      return 0;
  }
}

// Whether there is room to keep what has been decoded for as long as the request is served.
bool Http2Core::hold_block(Http2Stream& stream) {
  if (!is_server_) return true;
  if (held_field_bytes_ + block_bytes_ > options_.max_held_field_bytes) return false;
  held_field_bytes_ += block_bytes_;
  stream.held_field_bytes_ += static_cast<uint32_t>(block_bytes_);
  return true;
}

void Http2Core::on_block_end(Http2Stream& stream, bool is_request, bool is_last) {
  if (is_last) stream.peer_ended_ = true;
  block_.mark_checked();
  if (is_request) {
    stream.is_held_ = true;
    ++held_requests_;
    Http2StreamPtr owned(&stream);
    if (block_too_large_) {
      static_cast<void>(submit_head(stream, {{":status", "431"}}, true));
      return;
    }
    if (!hold_block(stream)) return reset(stream, Http2Code::kRefusedStream);
    stream.head_.swap(block_);
    arrived_.push_back(std::move(owned));
    return;
  }
  if (block_too_large_ || !hold_block(stream)) {
    stream.peer_ended_ = false;
    stream.failure_ = Error{ErrorCode::kTooLarge, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream,
                            Retry::kNever, "the peer sent a header block over its budget"};
    reset(stream, Http2Code::kEnhanceYourCalm);
  } else if (is_server_ || stream.had_final_head_) {
    stream.trailers_.swap(block_);
  } else {
    on_response_head(stream);
  }
  wake(stream, kWakeReader);
}

void Http2Core::on_response_head(Http2Stream& stream) {
  const auto status = block_.find(":status");
  stream.had_final_head_ = !status || !status->starts_with('1');
  if (!stream.had_final_head_ && ++stream.interim_heads_ > options_.max_interim_heads) {
    reset(stream, Http2Code::kEnhanceYourCalm);
    return;
  }
  FieldBlock& place = stream.has_head() ? stream.later_heads_.emplace_back() : stream.next_head_;
  place.swap(block_);
}

void Http2Core::on_peer_end(Http2Stream& stream) {
  stream.peer_ended_ = true;
  wake(stream, kWakeReader);
}

int Http2Core::on_data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* user) {
  Http2Core& core = core_of(user);
  Http2Stream* stream = core.find(id);
  if (stream == nullptr || !stream->is_held_ || stream->reset_asked_) {
    nghttp2_session_consume(session, id, size);
    return 0;
  }
  if (stream->consumed_ > stream->received_.size() / 2) {
    stream->received_.erase(0, stream->consumed_);
    stream->consumed_ = 0;
  }
  runtime::take_text(stream->received_);
  stream->received_.append(reinterpret_cast<const char*>(bytes), size);
  core.wake(*stream, kWakeReader);
  return 0;
}

int Http2Core::on_stream_close(nghttp2_session*, int32_t id, uint32_t code, void* user) {
  Http2Core& core = core_of(user);
  Http2Stream* stream = core.find(id);
  if (stream == nullptr || !stream->is_open_) return 0;
  stream->is_open_ = false;
  core.found_ = nullptr;
  if (stream->peer_ended_) core.scan_.on_ended(id);
  --core.open_streams_;
  core.idle_since_ = now();
  const bool in_order = stream->peer_ended_ && (stream->end_sent_ || code == NGHTTP2_NO_ERROR);
  if (!in_order && !stream->failure_) stream->failure_ = core.stream_error(code);
  if (stream->is_held_) {
    core.wake(*stream, kWakeReader | kWakeWriter | kWakeClosed);
  } else {
    core.forget(*stream);
  }
  return 0;
}

int Http2Core::on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Http2Core& core = core_of(user);
  const uint8_t type = frame->hd.type;
  if (type == NGHTTP2_DATA) core.guard_.on_data_sent();
  if (type == NGHTTP2_GOAWAY) core.goaway_sent_ = frame->goaway.error_code;
  if (type != NGHTTP2_DATA && type != NGHTTP2_HEADERS && type != NGHTTP2_RST_STREAM) return 0;
  Http2Stream* stream = core.find(frame->hd.stream_id);
  if (type == NGHTTP2_RST_STREAM) {
    const bool is_ours =
        stream != nullptr && stream->reset_asked_ && frame->rst_stream.error_code != NGHTTP2_PROTOCOL_ERROR;
    if (is_ours || core.guard_.on_reset_provoked(now())) return 0;
    return core.calm_down("it provoked too many resets");
  }
  if (stream == nullptr) return 0;
  stream->head_sent_ = true;
  if (type == NGHTTP2_HEADERS) on_head_sent(*stream);
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  stream->end_sent_ = true;
  if (core.is_server_ && !stream->is_held_ && !stream->peer_ended_) core.reset(*stream, Http2Code::kNoError);
  return 0;
}

// Interim heads, which nghttp2 has copied, come before the final one.
void Http2Core::on_head_sent(Http2Stream& stream) {
  if (stream.interim_out_ != 0) {
    --stream.interim_out_;
  } else {
    keep_spare(stream.head_out_);
  }
}

int Http2Core::on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  Http2Core& core = core_of(user);
  Http2Stream* stream = core.find(frame->hd.stream_id);
  if (stream == nullptr || !stream->is_open_) return 0;
  if (!stream->failure_) {
    const bool is_closing = error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED || error == NGHTTP2_ERR_SESSION_CLOSING;
    stream->failure_ = Error{is_closing ? ErrorCode::kUnavailable : ErrorCode::kTooLarge, ErrorOrigin::kUpstream,
                             is_closing ? Retry::kSafe : Retry::kNever,
                             std::string("the head could not be sent: ") + nghttp2_strerror(error)};
  }
  core.reset(*stream, Http2Code::kInternalError);
  return 0;
}

// NOLINTNEXTLINE(readability-function-size): the seven parameters are nghttp2's
ssize_t Http2Core::read_output(nghttp2_session* session, int32_t id, uint8_t*, size_t size, uint32_t* flags,
                               nghttp2_data_source* source, void*) {
  auto& stream = *static_cast<Http2Stream*>(source->ptr);
  const size_t count = std::min(size, stream.unsent().size());
  if (count == 0 && !stream.end_written_) {
    stream.is_deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags = NGHTTP2_DATA_FLAG_NO_COPY;
  if (count < stream.unsent().size() || !stream.end_written_) return static_cast<ssize_t>(count);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!stream.trailers_out_.is_empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    submit_trailers(session, id, stream.trailers_out_);
  }
  return static_cast<ssize_t>(count);
}

int Http2Core::send_output(nghttp2_session*, nghttp2_frame*, const uint8_t* header, size_t size,
                           nghttp2_data_source* source, void* user) {
  Http2Core& core = core_of(user);
  auto& stream = *static_cast<Http2Stream*>(source->ptr);
  core.output_.append(reinterpret_cast<const char*>(header), 9);
  core.output_.append(stream.unsent().substr(0, size));
  core.unsent_bytes_ -= size;
  stream.sent_ += size;
  stream.progress_ = now();
  if (stream.sent_ == stream.unsent_.size()) {
    runtime::give_text(stream.unsent_);
    stream.sent_ = 0;
  }
  core.wake(stream, kWakeWriter);
  return 0;
}

Error Http2Core::stream_error(uint32_t code) const {
  Error error{ErrorCode::kReset, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream, Retry::kNever,
              std::string("the stream was reset with ") + nghttp2_http2_strerror(code)};
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      error.code = ErrorCode::kUnavailable;
      error.retry = Retry::kSafe;
      break;
    case NGHTTP2_CANCEL:
      error.code = ErrorCode::kCancelled;
      break;
    case NGHTTP2_NO_ERROR:
      error.code = ErrorCode::kClosed;
      break;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      error.code = ErrorCode::kTooLarge;
      break;
    default:
      break;
  }
  return error;
}

Error Http2Core::connection_error(const Http2Stream& stream) const {
  Error error = failure_.value_or(
      Error{ErrorCode::kClosed, ErrorOrigin::kInternal, Retry::kNever, "the connection ended before the stream did"});
  if (is_server_) return error;
  if (!stream.head_sent_) {
    error.retry = Retry::kSafe;
  } else if (streams_begun_ > 1 && !stream.has_head() && stream.head_.is_empty()) {
    error.retry = Retry::kIfReused;
  }
  return error;
}

}  // namespace ripstop::net
