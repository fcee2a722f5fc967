// As much of HTTP/2 (RFC 9113) and HPACK (RFC 7541) as a gRPC-like unary call of known bytes needs. Header blocks are
// prepared once: the first on a connection puts the fields into the peer's dynamic table, the others refer to them, as
// real clients and servers do. What comes back is not decoded beyond the status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ripstop::load {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

inline constexpr uint8_t kFlagEndStream = 0x1;
inline constexpr uint8_t kFlagAck = 0x1;
inline constexpr uint8_t kFlagEndHeaders = 0x4;
inline constexpr uint8_t kFlagPadded = 0x8;
inline constexpr uint8_t kFlagPriority = 0x20;
inline constexpr size_t kFrameHeaderSize = 9;
inline constexpr uint32_t kLargeWindow = 0x3fffffff;
inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct FrameHeader {
  uint32_t length = 0;
  FrameType type{};
  uint8_t flags = 0;
  uint32_t stream = 0;
};

// `bytes` has at least kFrameHeaderSize.
[[nodiscard]] FrameHeader read_frame_header(std::string_view bytes);
void put_frame_header(std::string& out, const FrameHeader& header);
void put_u32(std::string& out, uint32_t value);
[[nodiscard]] uint32_t read_u32(std::string_view bytes);

// SETTINGS (no push, large stream windows, many streams) and a large window for the connection.
[[nodiscard]] std::string opening_frames();
void put_window_update(std::string& out, uint32_t stream, uint32_t increment);
// The answer to a SETTINGS or PING frame, nothing for other frames and for acknowledgements.
void put_acknowledgement(std::string& out, const FrameHeader& header, std::string_view payload);

// What a peer's SETTINGS say of the three values that matter here; others are passed over.
struct PeerSettings {
  uint32_t header_table_size = 4096;
  uint32_t max_streams = UINT32_MAX;
  uint32_t initial_window = 65535;
};
void apply_settings(PeerSettings& settings, std::string_view payload);

// Is `:status: 200` the first field of this HEADERS payload (flags say whether it is padded)? Static index 8 is the
// only form that an encoder has a reason to use.
[[nodiscard]] bool says_200(const FrameHeader& header, std::string_view payload);
// DATA without its padding.
[[nodiscard]] size_t data_length(const FrameHeader& header, std::string_view payload);

// One message of gRPC: five bytes of prefix, then `content`.
[[nodiscard]] std::string grpc_message(std::string_view content);

// Frames of a whole call on one stream, with the stream identifier to fill in.
class CallFrames {
 public:
  // HEADERS and DATA with the end of the stream.
  static CallFrames request(std::string_view authority, std::string_view message);
  // HEADERS, DATA, and trailers with the end of the stream.
  static CallFrames response(std::string_view message);

  // `is_first`: on this connection, in this direction.
  void put(std::string& out, uint32_t stream, bool is_first) const;

 private:
  void add_headers(const std::string& first, const std::string& later, uint8_t flags);
  void add_data(std::string_view message, uint8_t flags);

  struct Frames {
    std::string bytes;
    size_t stream_at[3] = {};
    size_t count = 0;
  };
  static void add(Frames& frames, FrameType type, uint8_t flags, std::string_view payload);
  Frames first_;
  Frames later_;
};

}  // namespace ripstop::load
