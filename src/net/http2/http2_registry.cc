#include <utility>

#include "net/http2/http2_core.h"
#include "net/http2/http2_spare_blocks.h"
#include "runtime/memory/text_pool.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

constexpr size_t kSmallestSendBuffer = 4096;
constexpr uint8_t kCopied = NGHTTP2_NV_FLAG_NONE;
// The block stays as it is until it has been sent.
constexpr uint8_t kReferred = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

// Such values are not to be found out by guessing at what compresses well (RFC 7541 section 7.1).
bool is_secret(std::string_view name) {
  switch (name.size()) {
    case 6:
      return name == "cookie";
    case 10:
      return name == "set-cookie";
    case 13:
      return name == "authorization";
    default:
      return false;
  }
}

// nghttp2 copies the list that it is given, so one serves the whole thread.
const std::vector<nghttp2_nv>& to_nghttp2(const FieldBlock& block, uint8_t flags) {
  static thread_local std::vector<nghttp2_nv> fields;
  fields.clear();
  for (size_t i = 0; i < block.count(); ++i) {
    const FieldBlock::View field = block.at(i);
    const auto secrecy = static_cast<uint8_t>(is_secret(field.name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
    fields.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data())),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
                      field.value.size(), static_cast<uint8_t>(flags | secrecy)});
  }
  return fields;
}

std::unexpected<Error> refused(const char* what, int error) {
  return fail(ErrorCode::kInternal, std::string(what) + ": " + nghttp2_strerror(error));
}

}  // namespace

Result<Http2StreamPtr> Http2Core::open(const FieldBlock& head, bool is_last) {
  if (is_draining() || nghttp2_session_check_request_allowed(session_) == 0) {
    return fail(ErrorCode::kUnavailable, "the HTTP/2 connection takes no more requests", ErrorOrigin::kUpstream,
                Retry::kSafe);
  }
  Http2StreamPtr stream(new Http2Stream(this));
  take_spare(stream->head_out_);
  stream->head_out_ = head;
  const std::vector<nghttp2_nv>& fields = to_nghttp2(stream->head_out_, kReferred);
  nghttp2_data_provider provider{.source = {.ptr = stream.get()}, .read_callback = read_output};
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                            is_last ? nullptr : &provider, stream.get());
  if (id < 0) {
    stream->core_ = nullptr;
    return refused("cannot open a stream", id);
  }
  stream->id_ = id;
  stream->head_written_ = true;
  stream->end_written_ = is_last;
  link(*stream);
  ++open_streams_;
  ++streams_begun_;
  schedule();
  return stream;
}

bool Http2Core::can_open() const {
  if (is_server_ || is_draining() || nghttp2_session_check_request_allowed(session_) == 0) return false;
  return open_streams_ < nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

runtime::Task<bool> Http2Core::settle(TimePoint deadline) {
  struct Place {
    explicit Place(std::vector<runtime::Event*>& list) : all(list) { all.push_back(&turn); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { std::erase(all, &turn); }
    std::vector<runtime::Event*>& all;
    runtime::Event turn;
  };
  if (has_settings_ || is_over_) co_return true;
  Place place(settling_);
  co_return co_await place.turn.wait(deadline);
}

bool Http2Core::takes_extended_connect() const {
  return !is_over_ && nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

Status Http2Core::submit_head(Http2Stream& stream, const FieldBlock& head, bool is_last) {
  const auto status = head.find(":status");
  const bool is_interim = status && status->starts_with('1');
  int error = 0;
  if (is_interim) {
    const std::vector<nghttp2_nv>& fields = to_nghttp2(head, kCopied);
    error =
        nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr, fields.data(), fields.size(), nullptr);
    if (error == 0) ++stream.interim_out_;
  } else {
    take_spare(stream.head_out_);
    stream.head_out_ = head;
    const std::vector<nghttp2_nv>& fields = to_nghttp2(stream.head_out_, kReferred);
    nghttp2_data_provider provider{.source = {.ptr = &stream}, .read_callback = read_output};
    error = nghttp2_submit_response(session_, stream.id_, fields.data(), fields.size(), is_last ? nullptr : &provider);
  }
  if (error < 0) return refused("cannot send a head", error);
  if (!is_interim) {
    stream.head_written_ = true;
    stream.end_written_ = is_last;
  }
  schedule();
  return {};
}

int Http2Core::submit_trailers(nghttp2_session* session, int32_t id, const FieldBlock& trailers) {
  const std::vector<nghttp2_nv>& fields = to_nghttp2(trailers, kReferred);
  return nghttp2_submit_trailer(session, id, fields.data(), fields.size());
}

// A stream that has next to nothing waiting always gets some room, so that none waits for what others are stuck with.
size_t Http2Core::send_room(const Http2Stream& stream) const {
  const size_t waiting = stream.unsent().size();
  const size_t share = unsent_bytes_ >= options_.connection_send_buffer
                           ? kSmallestSendBuffer
                           : std::max(kSmallestSendBuffer, waiting + options_.connection_send_buffer - unsent_bytes_);
  const size_t most = std::min(options_.send_buffer, share);
  return most - std::min(most, waiting);
}

void Http2Core::output_ready(Http2Stream& stream, size_t more) {
  unsent_bytes_ += more;
  const TimePoint now = runtime::Reactor::current().now();
  if (stream.unsent().empty() || stream.progress_ == TimePoint{}) stream.progress_ = now;
  if (stall_check_ == kNever) stall_check_ = deadline_after(now, options_.stall_timeout);
  if (stream.is_deferred_) {
    stream.is_deferred_ = false;
    nghttp2_session_resume_data(session_, stream.id_);
  }
  schedule();
}

void Http2Core::consumed(Http2Stream& stream, size_t bytes) {
  if (is_over_ || bytes == 0) return;
  if (stream.is_open_) {
    nghttp2_session_consume(session_, stream.id_, bytes);
  } else {
    nghttp2_session_consume_connection(session_, bytes);
  }
  if (nghttp2_session_want_write(session_) != 0) schedule();
}

void Http2Core::reset(Http2Stream& stream, Http2Code code) {
  if (is_over_ || !stream.is_open_ || stream.reset_asked_) return;
  stream.reset_asked_ = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, static_cast<uint32_t>(code));
  schedule();
}

void Http2Core::release(Http2Stream& stream) {
  if (stream.is_request_) --held_requests_;
  held_field_bytes_ -= std::exchange(stream.held_field_bytes_, 0);
  consumed(stream, stream.received_.size() - stream.consumed_ + std::exchange(stream.taken_, 0));
  stream.consumed_ = stream.received_.size();
  stream.is_held_ = false;
  if (!stream.is_open_) return forget(stream);
  if (!is_server_) return reset(stream, Http2Code::kCancel);
  if (!stream.end_written_) return reset(stream, Http2Code::kInternalError);
  if (stream.end_sent_) reset(stream, Http2Code::kNoError);
}

// A stream's frames come one behind the other, so the last one found is asked for again and again.
Http2Stream* Http2Core::find(int32_t id) {
  if (found_ != nullptr && found_->id_ == id) return found_;
  found_ = static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
  return found_;
}

void Http2Core::link(Http2Stream& stream) {
  stream.next_ = streams_;
  if (streams_ != nullptr) streams_->previous_ = &stream;
  streams_ = &stream;
}

void Http2Core::unlink(Http2Stream& stream) {
  (stream.previous_ == nullptr ? streams_ : stream.previous_->next_) = stream.next_;
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  stream.previous_ = stream.next_ = nullptr;
}

void Http2Core::forget(Http2Stream& stream) {
  if ((stream.waking_ & kQueued) != 0) due_[stream.due_at_] = nullptr;
  if (found_ == &stream) found_ = nullptr;
  unsent_bytes_ -= stream.unsent().size();
  unlink(stream);
  for (FieldBlock* block :
       {&stream.head_, &stream.next_head_, &stream.trailers_, &stream.head_out_, &stream.trailers_out_}) {
    keep_spare(*block);
  }
  runtime::give_text(stream.received_);
  runtime::give_text(stream.unsent_);
  delete &stream;
}

}  // namespace ripstop::net
