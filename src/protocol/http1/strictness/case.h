// One row of the strictness table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ripstop::protocol::strictness {

using std::string_view_literals::operator""sv;

enum class Kind : uint8_t {
  kRequest,
  kResponse,         // to GET
  kHeadResponse,     // to HEAD
  kConnectResponse,  // to CONNECT
  kUpgradeResponse,  // to a request that offered websocket
};

struct Verdict {
  enum class Outcome : uint8_t { kAccept, kReject, kIncomplete };
  Outcome outcome = Outcome::kAccept;
  // kReject: what the client is answered, and the detail token.
  uint16_t status = 0;
  std::string_view token;
  // kAccept: the exact bytes that go on, all messages of the row, content of each in a single chunk if chunked.
  std::string_view forwarded;
};

constexpr Verdict accept(std::string_view forwarded) {
  return {.forwarded = forwarded};
}
constexpr Verdict reject(uint16_t status, std::string_view token) {
  return {.outcome = Verdict::Outcome::kReject, .status = status, .token = token};
}
// Well formed so far, but the message does not end: the peer waits, and a time-out answers.
constexpr Verdict incomplete() {
  return {.outcome = Verdict::Outcome::kIncomplete};
}

struct Case {
  std::string_view name;
  Kind kind;
  std::string_view bytes;
  Verdict verdict;
};

// Text made at compile time: `count` times one byte.
template <char byte, size_t count>
inline constexpr auto kRunBytes = [] {
  std::array<char, count> bytes{};
  bytes.fill(byte);
  return bytes;
}();
template <char byte, size_t count>
inline constexpr std::string_view kRun{kRunBytes<byte, count>.data(), count};

// The parts one behind the other.
template <const std::string_view&... parts>
inline constexpr auto kJoinedBytes = [] {
  std::array<char, (parts.size() + ... + 0)> bytes{};
  size_t at = 0;
  const auto add = [&](std::string_view part) {
    for (const char c : part) bytes[at++] = c;
  };
  (add(parts), ...);
  return bytes;
}();
template <const std::string_view&... parts>
inline constexpr std::string_view kJoined{kJoinedBytes<parts...>.data(), kJoinedBytes<parts...>.size()};

}  // namespace ripstop::protocol::strictness
