// IP addresses, socket addresses and CIDR blocks as plain values. No resolution, no sockets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop {

// IPv4 or IPv6 in network byte order. A scope ("%eth0") is refused by parse: no address that arrives in
// configuration or in a header may carry one.
class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() = default;
  static IpAddress v4(std::array<uint8_t, 4> bytes);
  static IpAddress v6(std::array<uint8_t, 16> bytes);
  static IpAddress loopback_v4() { return v4({127, 0, 0, 1}); }
  static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const { return is_v4_; }
  [[nodiscard]] bool is_loopback() const;
  // 0.0.0.0 or ::
  [[nodiscard]] bool is_unspecified() const;
  // Four or sixteen bytes.
  [[nodiscard]] std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), is_v4_ ? size_t{4} : size_t{16}};
  }
  // Canonical text (RFC 5952 for IPv6), without brackets.
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
  bool is_v4_ = true;
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;

  // "1.2.3.4:80" or "[::1]:80".
  static Result<SocketAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const SocketAddress&) const = default;
};

struct CidrBlock {
  IpAddress network;
  uint8_t prefix_bits = 0;

  // "10.0.0.0/8"; a bare address means all its bits.
  static Result<CidrBlock> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const CidrBlock&) const = default;
};

}  // namespace ripstop

template <>
struct std::hash<ripstop::SocketAddress> {
  size_t operator()(const ripstop::SocketAddress& address) const noexcept {
    return std::hash<std::string_view>{}(address.ip.bytes()) * 31 + address.port;
  }
};
