// A fuzz target's input as a script: what a client says over HTTP/2, what upstreams answer, and in which order.
// Included by fuzz targets only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ripstop::proxy::testing {

class FuzzScript {
 public:
  FuzzScript(const uint8_t* bytes, size_t size) : rest_(reinterpret_cast<const char*>(bytes), size) {}

  [[nodiscard]] bool is_over() const { return rest_.empty(); }
  // 0 once it is over.
  uint8_t number() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view bytes(size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

// HTTP/2 frames, right and wrong ones, made from a script.
class FuzzFrames {
 public:
  explicit FuzzFrames(FuzzScript& script) : script_(script) {}

  static std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
    std::string out = big_endian(payload.size(), 3);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + big_endian(stream, 4) + std::string(payload);
  }

  std::string next() {
    enum : uint8_t { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoAway, kWindow, kContinuation };
    const uint8_t choice = script_.number();
    switch (choice % 12) {
      case 0:
      case 1:
      case 2:
        return frame(kHeaders, choice & 0x80 ? 4 : 5, next_stream(), request());
      case 3:
        return frame(kHeaders, 5, stream(), field(script_.number()));  // trailers
      case 4:
      case 5:
        return frame(kData, choice & 0x80 ? 1 : 0, stream(), script_.bytes(script_.number()));
      case 6:
        return frame(kReset, 0, stream(), big_endian(script_.number() % 14, 4));
      case 7:
        return frame(kWindow, 0, stream() - (choice & 0x80 ? 1 : 0), big_endian(script_.number() * 0x1000ULL, 4));
      case 8:
        return frame(kSettings, choice & 0x80 ? 1 : 0, 0, setting());
      case 9:
        return frame(kPing, choice & 0x80 ? 1 : 0, 0, "12345678");
      case 10:
        return frame(script_.number() % 12, script_.number(), script_.number(), script_.bytes(script_.number()));
      default:
        return std::string(script_.bytes(script_.number()));
    }
  }

 private:
  static std::string big_endian(uint64_t value, size_t bytes) {
    std::string out;
    for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
    return out;
  }
  uint32_t next_stream() {
    last_ += 2;
    return last_ - 2;
  }
  uint32_t stream() { return script_.number() % 16U * 2 + 1; }
  std::string setting() {
    return script_.number() == 0 ? std::string()
                                 : big_endian(script_.number() % 10, 2) + big_endian(script_.number(), 4);
  }
  // A literal that is not indexed; short strings only.
  static std::string literal(std::string_view name, std::string_view value) {
    std::string out(1, '\0');
    for (const std::string_view text : {name.substr(0, 120), value.substr(0, 120)}) {
      out += static_cast<char>(text.size());
      out += text;
    }
    return out;
  }
  std::string field(uint8_t choice) {
    static constexpr std::array<std::array<std::string_view, 2>, 20> kFields = {{
        {"content-length", "5"},
        {"content-length", "0"},
        {"te", "trailers"},
        {"te", "gzip"},
        {"host", "a"},
        {"host", "b"},
        {"cookie", "a=b"},
        {"transfer-encoding", "chunked"},
        {"connection", "close"},
        {"expect", "100-continue"},
        {"upgrade", "websocket"},
        {"content-type", "application/grpc"},
        {"grpc-timeout", "1S"},
        {"x-ripstop-version", "2"},
        {"x-forwarded-proto", "gopher"},
        {"sec-websocket-key", "k"},
        {"x", "a\r\nb: c"},
        {"x", "a\0b"},
        {"Upper", "x"},
        {":status", "200"},
    }};
    const auto& known = kFields[choice % kFields.size()];
    if ((choice & 0x80) != 0) return literal(known[0], script_.bytes(script_.number() % 32));
    return literal(known[0], known[1]);
  }
  std::string request() {
    static constexpr std::array<std::string_view, 6> kMethods = {"GET", "POST", "HEAD", "CONNECT", "OPTIONS", "TRACE"};
    static constexpr std::array<std::string_view, 6> kPaths = {"/", "/a?b", "*", "/a b", "//x/../y", "/%2e%2e/z"};
    const uint8_t shape = script_.number();
    const bool is_tunnel = (shape & 0xC0) == 0xC0;
    std::string block = literal(":method", is_tunnel ? "CONNECT" : kMethods[shape % kMethods.size()]);
    if (is_tunnel) block += literal(":protocol", "websocket");
    if (shape % kMethods.size() != 3 || is_tunnel) {
      block += literal(":scheme", (shape & 8) != 0 ? "https" : "http") + literal(":path", path(kPaths));
    }
    block += literal(":authority", (shape & 16) != 0 ? "a:80" : "a");
    for (uint8_t more = script_.number() % 5; more > 0; --more) block += field(script_.number());
    return block;
  }
  template <size_t kCount>
  std::string path(const std::array<std::string_view, kCount>& known) {
    const uint8_t choice = script_.number();
    if ((choice & 0x80) == 0) return std::string(known[choice % kCount]);
    return "/" + std::string(script_.bytes(choice % 32));
  }

  FuzzScript& script_;
  uint32_t last_ = 1;
};

}  // namespace ripstop::proxy::testing
