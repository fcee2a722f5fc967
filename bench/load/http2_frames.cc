#include "load/http2_frames.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ripstop::load {
namespace {

constexpr uint16_t kHeaderTableSize = 1;
constexpr uint16_t kEnablePush = 2;
constexpr uint16_t kMaxConcurrentStreams = 3;
constexpr uint16_t kInitialWindowSize = 4;
constexpr size_t kStreamAt = 5;
constexpr size_t kSettingSize = 6;
constexpr size_t kPrioritySize = 5;
constexpr uint8_t kFirstDynamicIndex = 62;

// Indices into the static table of RFC 7541, appendix A.
constexpr char kMethodPost = '\x83';
constexpr char kSchemeHttp = '\x86';
constexpr char kStatus200 = '\x88';
constexpr uint8_t kAuthority = 1;
constexpr uint8_t kPath = 4;
constexpr uint8_t kContentType = 31;
constexpr uint8_t kUserAgent = 58;

void put_setting(std::string& out, uint16_t name, uint32_t value) {
  out.push_back(static_cast<char>(name >> 8));
  out.push_back(static_cast<char>(name & 0xff));
  put_u32(out, value);
}

// Lengths below 127 only, which take one byte.
void put_text(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(text.size()));
  out.append(text);
}

void put_indexed_name(std::string& out, uint8_t name, std::string_view value) {
  out.push_back(static_cast<char>(0x40 | name));
  put_text(out, value);
}

void put_new_name(std::string& out, std::string_view name, std::string_view value) {
  out.push_back('\x40');
  put_text(out, name);
  put_text(out, value);
}

// `age`: how many fields have entered the table since.
char dynamic(uint8_t age) {
  return static_cast<char>(0x80 | (kFirstDynamicIndex + age));
}

std::string_view without_prefix(const FrameHeader& header, std::string_view payload) {
  if ((header.flags & kFlagPadded) != 0 && !payload.empty()) {
    const size_t padding = static_cast<uint8_t>(payload[0]);
    payload.remove_prefix(1);
    payload.remove_suffix(std::min(padding, payload.size()));
  }
  if (header.type == FrameType::kHeaders && (header.flags & kFlagPriority) != 0) {
    payload.remove_prefix(std::min(kPrioritySize, payload.size()));
  }
  return payload;
}

}  // namespace

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
}

uint32_t read_u32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

FrameHeader read_frame_header(std::string_view bytes) {
  return {.length = read_u32(bytes) >> 8,
          .type = static_cast<FrameType>(bytes[3]),
          .flags = static_cast<uint8_t>(bytes[4]),
          .stream = read_u32(bytes.substr(kStreamAt)) & 0x7fffffff};
}

void put_frame_header(std::string& out, const FrameHeader& header) {
  put_u32(out, header.length << 8 | std::to_underlying(header.type));
  out.push_back(static_cast<char>(header.flags));
  put_u32(out, header.stream);
}

std::string opening_frames() {
  std::string settings;
  put_setting(settings, kEnablePush, 0);
  put_setting(settings, kMaxConcurrentStreams, 1000);
  put_setting(settings, kInitialWindowSize, 1 << 20);
  std::string out;
  put_frame_header(out, {.length = static_cast<uint32_t>(settings.size()), .type = FrameType::kSettings});
  out += settings;
  put_window_update(out, 0, kLargeWindow);
  return out;
}

void put_window_update(std::string& out, uint32_t stream, uint32_t increment) {
  put_frame_header(out, {.length = 4, .type = FrameType::kWindowUpdate, .stream = stream});
  put_u32(out, increment);
}

void put_acknowledgement(std::string& out, const FrameHeader& header, std::string_view payload) {
  if ((header.flags & kFlagAck) != 0) return;
  if (header.type == FrameType::kSettings) {
    put_frame_header(out, {.length = 0, .type = FrameType::kSettings, .flags = kFlagAck});
  } else if (header.type == FrameType::kPing) {
    put_frame_header(out, {.length = header.length, .type = FrameType::kPing, .flags = kFlagAck});
    out += payload;
  }
}

void apply_settings(PeerSettings& settings, std::string_view payload) {
  for (; payload.size() >= kSettingSize; payload.remove_prefix(kSettingSize)) {
    const uint32_t name = read_u32(payload) >> 16;
    const uint32_t value = read_u32(payload.substr(2));
    if (name == kHeaderTableSize) settings.header_table_size = value;
    if (name == kMaxConcurrentStreams) settings.max_streams = value;
    if (name == kInitialWindowSize) settings.initial_window = value;
  }
}

bool says_200(const FrameHeader& header, std::string_view payload) {
  std::string_view block = without_prefix(header, payload);
  // Changes of the table's size come first: 001xxxxx, continued while the prefix is full and then the top bit is set.
  while (!block.empty() && (static_cast<uint8_t>(block[0]) & 0xe0) == 0x20) {
    bool goes_on = (static_cast<uint8_t>(block[0]) & 0x1f) == 0x1f;
    block.remove_prefix(1);
    while (goes_on && !block.empty()) {
      goes_on = (static_cast<uint8_t>(block[0]) & 0x80) != 0;
      block.remove_prefix(1);
    }
  }
  return !block.empty() && block[0] == kStatus200;
}

size_t data_length(const FrameHeader& header, std::string_view payload) {
  return without_prefix(header, payload).size();
}

std::string grpc_message(std::string_view content) {
  std::string message(1, '\0');
  put_u32(message, static_cast<uint32_t>(content.size()));
  return message.append(content);
}

void CallFrames::add(Frames& frames, FrameType type, uint8_t flags, std::string_view payload) {
  frames.stream_at[frames.count++] = frames.bytes.size() + kStreamAt;
  put_frame_header(frames.bytes, {.length = static_cast<uint32_t>(payload.size()), .type = type, .flags = flags});
  frames.bytes += payload;
}

void CallFrames::add_headers(const std::string& first, const std::string& later, uint8_t flags) {
  add(first_, FrameType::kHeaders, flags | kFlagEndHeaders, first);
  add(later_, FrameType::kHeaders, flags | kFlagEndHeaders, later);
}

void CallFrames::add_data(std::string_view message, uint8_t flags) {
  add(first_, FrameType::kData, flags, message);
  add(later_, FrameType::kData, flags, message);
}

CallFrames CallFrames::request(std::string_view authority, std::string_view message) {
  std::string first = {kMethodPost, kSchemeHttp};
  put_indexed_name(first, kPath, "/bench.Echo/Unary");
  put_indexed_name(first, kAuthority, authority);
  put_indexed_name(first, kContentType, "application/grpc");
  put_new_name(first, "te", "trailers");
  put_indexed_name(first, kUserAgent, "ripstop-load");
  const std::string later = {kMethodPost, kSchemeHttp, dynamic(4), dynamic(3), dynamic(2), dynamic(1), dynamic(0)};
  CallFrames call;
  call.add_headers(first, later, 0);
  call.add_data(message, kFlagEndStream);
  return call;
}

CallFrames CallFrames::response(std::string_view message) {
  std::string first = {kStatus200};
  put_indexed_name(first, kContentType, "application/grpc");
  // By the second response the status of the call has entered the table behind the content's type.
  const std::string later = {kStatus200, dynamic(1)};
  std::string first_trailers;
  put_new_name(first_trailers, "grpc-status", "0");
  const std::string later_trailers = {dynamic(0)};
  CallFrames call;
  call.add_headers(first, later, 0);
  call.add_data(message, 0);
  call.add_headers(first_trailers, later_trailers, kFlagEndStream);
  return call;
}

void CallFrames::put(std::string& out, uint32_t stream, bool is_first) const {
  const Frames& frames = is_first ? first_ : later_;
  const size_t begin = out.size();
  out += frames.bytes;
  for (size_t i = 0; i < frames.count; ++i) {
    char* at = &out[begin + frames.stream_at[i]];
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>((stream >> shift) & 0xff);
  }
}

}  // namespace ripstop::load
