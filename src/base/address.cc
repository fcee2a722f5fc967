#include "base/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "base/text.h"

namespace ripstop {

IpAddress IpAddress::v4(std::array<uint8_t, 4> bytes) {
  IpAddress address;
  std::memcpy(address.bytes_.data(), bytes.data(), bytes.size());
  return address;
}

IpAddress IpAddress::v6(std::array<uint8_t, 16> bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  address.is_v4_ = false;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  const bool has_nul = text.find('\0') != std::string_view::npos;  // inet_pton would stop there
  std::array<uint8_t, 4> four{};
  if (!has_nul && inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return v4(four);
  std::array<uint8_t, 16> sixteen{};
  if (!has_nul && inet_pton(AF_INET6, copy.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return fail(ErrorCode::kParse, "\"" + copy + "\" is not an IP address");
}

bool IpAddress::is_loopback() const {
  if (is_v4_) return bytes_[0] == 127;
  std::array<uint8_t, 16> one{};
  one[15] = 1;
  return bytes_ == one;
}

bool IpAddress::is_unspecified() const {
  return bytes_ == std::array<uint8_t, 16>{};
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_v4_ ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(ErrorCode::kParse, "\"" + std::string(text) + "\" has no port; write ADDRESS:PORT");
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto ip = IpAddress::parse(host);
  if (!ip) return fail_with(ip);
  if (!ip->is_v4() && !bracketed) {
    return fail(ErrorCode::kParse, "\"" + std::string(text) + "\" needs brackets: [ADDRESS]:PORT");
  }
  const auto port = parse_number<uint16_t>(text.substr(colon + 1));
  if (!port) return fail(ErrorCode::kParse, "\"" + std::string(text) + "\" has a port that is not 0 to 65535");
  return SocketAddress{*ip, *port};
}

std::string SocketAddress::to_string() const {
  if (ip.is_v4()) return ip.to_string() + ":" + std::to_string(port);
  return "[" + ip.to_string() + "]:" + std::to_string(port);
}

Result<CidrBlock> CidrBlock::parse(std::string_view text) {
  const size_t slash = text.find('/');
  auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return fail_with(ip);
  const auto widest = static_cast<uint8_t>(ip->bytes().size() * 8);
  if (slash == std::string_view::npos) return CidrBlock{*ip, widest};
  const auto bits = parse_number<uint8_t>(text.substr(slash + 1));
  if (!bits || *bits > widest) {
    return fail(ErrorCode::kParse,
                "\"" + std::string(text) + "\" has a prefix length that is not 0 to " + std::to_string(widest));
  }
  return CidrBlock{*ip, *bits};
}

bool CidrBlock::contains(const IpAddress& address) const {
  if (address.is_v4() != network.is_v4()) return false;
  const std::string_view ours = network.bytes();
  const std::string_view theirs = address.bytes();
  const size_t whole = prefix_bits / 8;
  if (ours.substr(0, whole) != theirs.substr(0, whole)) return false;
  const unsigned rest = prefix_bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFF << (8 - rest));
  return ((static_cast<uint8_t>(ours[whole]) ^ static_cast<uint8_t>(theirs[whole])) & mask) == 0;
}

std::string CidrBlock::to_string() const {
  return network.to_string() + "/" + std::to_string(prefix_bits);
}

}  // namespace ripstop
