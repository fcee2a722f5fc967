#include "protocol/first_bytes/proxy_protocol.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/bytes/bytes_reader.h"

namespace ripstop::protocol {
namespace {

using State = ProxyHeaderResult::State;

constexpr std::string_view kV1Begin = "PROXY ";
constexpr size_t kV1MaxLine = 107;
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kV2FixedSize = 16;
constexpr uint8_t kV2Local = 0x20;
constexpr uint8_t kV2Proxy = 0x21;
constexpr uint8_t kTcp4 = 0x11;
constexpr uint8_t kTcp6 = 0x21;
constexpr size_t kUnixAddresses = 216;
constexpr size_t kCrcSize = 4;

ProxyHeaderResult result(State state, size_t consumed = 0) {
  return {.state = state, .consumed = consumed};
}

std::optional<SocketAddress> v1_address(std::string_view ip_text, std::string_view port_text, bool v4) {
  const auto ip = IpAddress::parse(ip_text);
  const bool padded = port_text.size() > 1 && port_text[0] == '0';
  const auto port = parse_number<uint16_t>(port_text);
  if (!ip || ip->is_v4() != v4 || padded || !port) return std::nullopt;
  return SocketAddress{.ip = *ip, .port = *port};
}

ProxyHeaderResult parse_v1(std::string_view buffer, ProxyHeader& header) {
  const std::string_view window = buffer.substr(0, kV1MaxLine);
  const size_t end = window.find('\n');
  if (end == std::string_view::npos) return result(window.size() < kV1MaxLine ? State::kMore : State::kMalformed);
  if (window[end - 1] != '\r') return result(State::kMalformed);
  header.version = 1;
  const std::string_view line = window.substr(0, end - 1);
  const std::vector<std::string_view> words = split(line, ' ');
  if (words[1] == "UNKNOWN") return result(State::kDone, end + 1);
  const bool v4 = words[1] == "TCP4";
  if ((!v4 && words[1] != "TCP6") || words.size() != 6) return result(State::kMalformed);
  header.source = v1_address(words[2], words[4], v4);
  header.destination = v1_address(words[3], words[5], v4);
  return header.source && header.destination ? result(State::kDone, end + 1) : result(State::kMalformed);
}

IpAddress read_ip(BytesReader& reader, bool v4) {
  std::array<uint8_t, 16> bytes{};
  const std::string_view text = reader.take(v4 ? 4 : 16);
  std::ranges::copy(text, bytes.begin());
  return v4 ? IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}) : IpAddress::v6(bytes);
}

bool read_addresses(BytesReader& reader, uint8_t family, ProxyHeader& header) {
  // Datagrams and sockets of the file system carry no address we could use; their room is skipped.
  if (family == 0x31 || family == 0x32) {
    (void)reader.take(kUnixAddresses);
    return !reader.failed();
  }
  if (family == 0x00) return true;
  const bool v4 = family >> 4 == 1;
  if ((family >> 4 != 1 && family >> 4 != 2) || (family & 15) < 1 || (family & 15) > 2) return false;
  const IpAddress source = read_ip(reader, v4);
  const IpAddress destination = read_ip(reader, v4);
  const uint16_t source_port = reader.u16();
  const uint16_t destination_port = reader.u16();
  if (reader.failed() || (family & 15) != 1) return !reader.failed();
  header.source = SocketAddress{.ip = source, .port = source_port};
  header.destination = SocketAddress{.ip = destination, .port = destination_port};
  return true;
}

// CRC-32c (RFC 3720 appendix B.4), bit by bit: headers are short and few.
uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

// The sum is taken over the whole header with its own four bytes set to zero.
bool is_crc_right(std::string_view whole, std::string_view value) {
  if (value.size() != kCrcSize) return false;
  std::string zeroed(whole);
  std::fill_n(zeroed.begin() + (value.data() - whole.data()), kCrcSize, '\0');
  return crc32c(zeroed) == BytesReader(value).u32();
}

bool read_tlvs(BytesReader& reader, std::string_view whole, ProxyHeader& header) {
  while (!reader.empty()) {
    const uint8_t type = reader.u8();
    const std::string_view value = reader.vector16();
    if (reader.failed() || header.tlvs.size() == kMaxProxyTlvs) return false;
    if (type == kProxyTlvCrc32c && !is_crc_right(whole, value)) return false;
    header.tlvs.push_back({.type = type, .value = std::string(value)});
  }
  return true;
}

ProxyHeaderResult parse_v2(std::string_view buffer, ProxyHeader& header) {
  if (buffer.size() < kV2FixedSize) return result(State::kMore);
  BytesReader fixed(buffer.substr(kV2Signature.size(), 4));
  const uint8_t command = fixed.u8();
  const uint8_t family = fixed.u8();
  const size_t size = kV2FixedSize + fixed.u16();
  if ((command != kV2Local && command != kV2Proxy) || size > kMaxProxyHeader) return result(State::kMalformed);
  if (buffer.size() < size) return result(State::kMore);
  const std::string_view whole = buffer.substr(0, size);
  BytesReader reader(whole.substr(kV2FixedSize));
  header.local = command == kV2Local;
  // A local header may hold anything, which the receiver must skip.
  if (header.local) return result(State::kDone, size);
  const bool good = read_addresses(reader, family, header) && read_tlvs(reader, whole, header);
  return good ? result(State::kDone, size) : result(State::kMalformed);
}

void put_u16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

bool begins_like(std::string_view buffer, std::string_view signature) {
  return buffer.substr(0, signature.size()) == signature.substr(0, buffer.size());
}

}  // namespace

ProxyHeaderResult parse_proxy_header(std::string_view buffer, ProxyHeader& header) {
  header = {};
  if (begins_like(buffer, kV2Signature)) return parse_v2(buffer, header);
  if (!begins_like(buffer, kV1Begin)) return result(State::kAbsent);
  return buffer.size() < kV1Begin.size() ? result(State::kMore) : parse_v1(buffer, header);
}

std::string write_proxy_v1(const SocketAddress& source, const SocketAddress& destination) {
  if (source.ip.is_v4() != destination.ip.is_v4()) return "PROXY UNKNOWN\r\n";
  std::string line = source.ip.is_v4() ? "PROXY TCP4 " : "PROXY TCP6 ";
  line += source.ip.to_string() + ' ' + destination.ip.to_string() + ' ';
  return line + std::to_string(source.port) + ' ' + std::to_string(destination.port) + "\r\n";
}

std::string write_proxy_v2(const SocketAddress& source, const SocketAddress& destination,
                           std::span<const ProxyTlv> tlvs) {
  std::string body;
  const bool same_family = source.ip.is_v4() == destination.ip.is_v4();
  if (same_family) {
    body.append(source.ip.bytes()).append(destination.ip.bytes());
    put_u16(body, source.port);
    put_u16(body, destination.port);
  }
  for (const ProxyTlv& tlv : tlvs) {
    if (!same_family) break;
    if (tlv.value.size() > kMaxProxyHeader) return {};
    body += static_cast<char>(tlv.type);
    put_u16(body, tlv.value.size());
    body += tlv.value;
  }
  if (kV2FixedSize + body.size() > kMaxProxyHeader || tlvs.size() > kMaxProxyTlvs) return {};
  std::string header(kV2Signature);
  header += static_cast<char>(same_family ? kV2Proxy : kV2Local);
  header += static_cast<char>(!same_family ? 0 : source.ip.is_v4() ? kTcp4 : kTcp6);
  put_u16(header, body.size());
  return header + body;
}

}  // namespace ripstop::protocol
