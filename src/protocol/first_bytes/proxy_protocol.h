// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): the true addresses of a connection, told by the
// proxy in front. To be read only from peers that are trusted to send it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace ripstop::protocol {

struct ProxyTlv {
  uint8_t type = 0;
  std::string value;
};

// Types of TLVs that are of use here.
inline constexpr uint8_t kProxyTlvAlpn = 0x01;
inline constexpr uint8_t kProxyTlvAuthority = 0x02;
inline constexpr uint8_t kProxyTlvCrc32c = 0x03;

struct ProxyHeader {
  uint8_t version = 2;
  // The proxy's own connection (a health check): use the socket's addresses.
  bool local = false;
  // Both or none. None when local, or when the family is not IP.
  std::optional<SocketAddress> source;
  std::optional<SocketAddress> destination;
  // Version 2 only.
  std::vector<ProxyTlv> tlvs;
};

struct ProxyHeaderResult {
  enum class State {
    kMore,
    kDone,       // `consumed` bytes were the header
    kAbsent,     // the bytes do not begin with a PROXY header
    kMalformed,  // they do, but it is broken: close the connection
  };
  State state = State::kMore;
  size_t consumed = 0;
};

// Longest header of version 2 that is accepted, and the most TLVs in it. Version 1 has at most 107 bytes.
inline constexpr size_t kMaxProxyHeader = 2048;
inline constexpr size_t kMaxProxyTlvs = 32;

// `buffer` begins with the first byte of the connection and holds all that has come. A CRC-32c TLV is verified.
[[nodiscard]] ProxyHeaderResult parse_proxy_header(std::string_view buffer, ProxyHeader& header);

// "PROXY TCP4 …\r\n", or "PROXY UNKNOWN\r\n" when the families differ.
[[nodiscard]] std::string write_proxy_v1(const SocketAddress& source, const SocketAddress& destination);
// LOCAL when the families differ. TLVs that do not fit in kMaxProxyHeader make the result empty.
[[nodiscard]] std::string write_proxy_v2(const SocketAddress& source, const SocketAddress& destination,
                                         std::span<const ProxyTlv> tlvs = {});

}  // namespace ripstop::protocol
