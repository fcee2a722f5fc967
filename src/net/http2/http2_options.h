// What one HTTP/2 connection allows its peer. The defaults are safe for peers from anywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace ripstop::net {

// Events of one kind: `burst` at once, refilled at `per_second`. What exceeds it ends the connection.
struct Http2Allowance {
  double burst = 0;
  double per_second = 0;
};

struct Http2Options {
  // Streams the peer may have open at once. Requests whose handlers still run after a reset count as well.
  uint32_t max_streams = 100;
  // Bytes a peer may send ahead of what is consumed: on one stream, and on all together.
  uint32_t stream_window = 256U << 10;
  uint32_t connection_window = 1U << 20;
  // Bytes of body that a stream takes from its writer ahead of what the peer's window lets go, and that all streams
  // take together; beyond that each takes a little only.
  size_t send_buffer = 64U << 10;
  size_t connection_send_buffer = 1U << 20;

  // One header block, every field counted, refused and repeated ones too: 431 or a reset above it, and the end of the
  // connection above twice that. Bytes are counted as by FieldBlock::accounted_bytes.
  size_t max_fields = 100;
  size_t max_field_bytes = 60U << 10;
  // Bytes of all heads and trailers whose requests are being served, counted the same way; what comes above it is
  // refused. One reference to a large HPACK entry is a byte to the peer and the whole entry to us.
  size_t max_held_field_bytes = 1U << 20;
  // CONTINUATION frames of one block.
  size_t max_continuations = 4;
  // 1xx heads before the final one.
  size_t max_interim_heads = 16;

  // SETTINGS, PING, PRIORITY, GOAWAY, frames of unknown types, DATA that carries neither bytes nor an end, and heads on
  // streams that are gone.
  Http2Allowance control_frames{1000, 200};
  Http2Allowance window_updates{1000, 200};  // ten more for every DATA frame we sent
  Http2Allowance resets_received{200, 33};   // rapid reset
  Http2Allowance resets_sent{200, 33};       // resets for what the peer did wrong ("MadeYouReset")

  // Zero disables each of these.
  Duration handshake_timeout = std::chrono::seconds(10);  // until the peer's SETTINGS
  Duration header_timeout = std::chrono::seconds(10);     // for a header block that was begun
  Duration stall_timeout = std::chrono::seconds(60);      // of output that the peer's window or socket does not take
  Duration idle_timeout{};                                // without any stream; ends in order
  Duration ping_interval{};                               // keep-alive: a PING when nothing was heard for so long
  Duration ping_timeout = std::chrono::seconds(10);       // for anything to be heard after it
  bool ping_without_streams = false;

  // Offers extended CONNECT (RFC 8441); servers only.
  bool enable_connect_protocol = false;
};

}  // namespace ripstop::net
