#include <algorithm>
#include <array>

#include "net/http2/http2_core.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

constexpr std::array<uint8_t, 8> kPing{'r', 'i', 'p', 's', 't', 'o', 'p', 0};
// A peer that does not answer the PING between the two GOAWAYs gets the second one after this time.
constexpr Duration kDrainRoundTrip = std::chrono::seconds(1);

}  // namespace

TimePoint Http2Core::next_deadline() const {
  TimePoint next = stall_check_;
  const auto sooner = [&next](TimePoint since, Duration timeout) {
    if (since != kNever) next = std::min(next, deadline_after(since, timeout));
  };
  if (!has_settings_) sooner(started_, options_.handshake_timeout);
  sooner(block_began_, options_.header_timeout);
  if (is_blocked_) sooner(output_moved_, options_.stall_timeout);
  if (ping_outstanding_) {
    sooner(ping_sent_, options_.ping_timeout);
  } else if (open_streams_ > 0 || options_.ping_without_streams) {
    sooner(std::max(heard_, ping_sent_), options_.ping_interval);
  }
  if (open_streams_ == 0 && !is_draining_) sooner(idle_since_, options_.idle_timeout);
  if (drain_ == Drain::kNoticed) sooner(drain_noticed_, kDrainRoundTrip);
  return next;
}

void Http2Core::on_time(TimePoint now) {
  const auto is_past = [now](TimePoint since, Duration timeout) {
    return since != kNever && deadline_after(since, timeout) <= now;
  };
  const auto time_out = [this](const char* what) {
    finish(Error{ErrorCode::kTimeout, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream, Retry::kNever,
                 what});
  };
  if (!has_settings_ && is_past(started_, options_.handshake_timeout)) {
    return time_out("the peer did not begin HTTP/2 in time");
  }
  if (is_past(block_began_, options_.header_timeout)) return time_out("a header block was not completed in time");
  if (is_blocked_ && is_past(output_moved_, options_.stall_timeout)) {
    return time_out("the peer takes no more bytes");
  }
  keep_alive(now);
  if (is_over_) return;
  if (stall_check_ <= now) reset_stalled(now);
  const bool is_idle = open_streams_ == 0 && !is_draining_;
  if (is_idle && is_past(idle_since_, options_.idle_timeout)) drain();
  if (drain_ == Drain::kNoticed && is_past(drain_noticed_, kDrainRoundTrip)) send_final_goaway();
}

void Http2Core::keep_alive(TimePoint now) {
  if (ping_outstanding_) {
    if (heard_ > ping_sent_) {
      ping_outstanding_ = false;
    } else if (deadline_after(ping_sent_, options_.ping_timeout) <= now) {
      finish(Error{ErrorCode::kTimeout, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream, Retry::kNever,
                   "the peer did not answer a PING in time"});
    }
    return;
  }
  const bool is_due = (open_streams_ > 0 || options_.ping_without_streams) &&
                      deadline_after(std::max(heard_, ping_sent_), options_.ping_interval) <= now;
  if (!is_due) return;
  ping_outstanding_ = true;
  ping_sent_ = now;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kPing.data());
}

void Http2Core::reset_stalled(TimePoint now) {
  stall_check_ = kNever;
  for (Http2Stream* stream = streams_; stream != nullptr; stream = stream->next_) {
    if (!stream->is_open_ || stream->unsent().empty()) continue;
    const TimePoint due = deadline_after(stream->progress_, options_.stall_timeout);
    if (due > now) {
      stall_check_ = std::min(stall_check_, due);
      continue;
    }
    stream->failure_ = Error{ErrorCode::kTimeout, is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream,
                             Retry::kNever, "the peer opened no window for the body in time"};
    reset(*stream, Http2Code::kEnhanceYourCalm);
  }
}

void Http2Core::drain() {
  if (is_over_ || drain_ != Drain::kNone) return;
  is_draining_ = true;
  if (is_server_) {
    drain_ = Drain::kNoticed;
    drain_noticed_ = runtime::Reactor::current().now();
    nghttp2_submit_shutdown_notice(session_);
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kPing.data());
  } else {
    send_final_goaway();
  }
  schedule();
}

void Http2Core::on_ping_answer() {
  ping_outstanding_ = false;
  if (drain_ == Drain::kNoticed) send_final_goaway();
}

void Http2Core::send_final_goaway() {
  drain_ = Drain::kFinal;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

// After a flush that left nothing to write.
void Http2Core::finish_drain() {
  const bool session_is_over = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  const bool is_drained = open_streams_ == 0 && (drain_ == Drain::kFinal || (is_draining_ && !is_server_));
  if (is_drained) return finish(std::nullopt);
  if (!session_is_over) return;
  const bool ended_here = goaway_sent_.value_or(NGHTTP2_NO_ERROR) != NGHTTP2_NO_ERROR;
  const uint32_t code = ended_here ? *goaway_sent_ : goaway_received_.value_or(NGHTTP2_NO_ERROR);
  if (code == NGHTTP2_NO_ERROR) return finish(std::nullopt);
  finish(Error{ended_here ? ErrorCode::kParse : ErrorCode::kReset,
               is_server_ ? ErrorOrigin::kDownstream : ErrorOrigin::kUpstream, Retry::kNever,
               std::string(ended_here ? "the peer broke the rules of HTTP/2: " : "the peer ended the connection: ") +
                   nghttp2_http2_strerror(code)});
}

}  // namespace ripstop::net
