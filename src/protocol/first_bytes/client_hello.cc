#include "protocol/first_bytes/client_hello.h"

#include <utility>

#include "base/text.h"
#include "protocol/bytes/byte_class.h"
#include "protocol/bytes/bytes_reader.h"

namespace ripstop::protocol {
namespace {

using State = ClientHelloParser::State;

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kRecordHeader = 5;
constexpr size_t kHandshakeHeader = 4;
constexpr size_t kMaxFragment = size_t{1} << 14;
constexpr size_t kMaxSessionId = 32;
constexpr size_t kMaxProtocols = 64;
constexpr size_t kMaxServerName = 255;
constexpr uint16_t kServerName = 0;
constexpr uint16_t kAlpn = 16;
constexpr uint16_t kSupportedVersions = 43;
constexpr ByteClass kNameBytes = kAlphanumeric.with("-._");

// Which of the extensions we read have been seen; none may come twice (RFC 8446 section 4.2).
struct Seen {
  bool server_name = false;
  bool alpn = false;
  bool versions = false;
};

bool read_server_name(std::string_view body, ClientHello& hello) {
  BytesReader reader(body);
  BytesReader list(reader.vector16());
  if (reader.failed() || !reader.empty() || list.empty()) return false;
  // One entry, a host name: no other type was ever defined.
  const uint8_t type = list.u8();
  const std::string_view name = list.vector16();
  if (list.failed() || !list.empty() || type != 0) return false;
  if (name.empty() || name.size() > kMaxServerName || find_outside(kNameBytes, name) != name.size()) return false;
  hello.server_name = to_lower(name);
  return true;
}

bool read_alpn(std::string_view body, ClientHello& hello) {
  BytesReader reader(body);
  BytesReader list(reader.vector16());
  if (reader.failed() || !reader.empty() || list.empty()) return false;
  while (!list.empty()) {
    const std::string_view protocol = list.vector8();
    if (list.failed() || protocol.empty() || hello.alpn.size() == kMaxProtocols) return false;
    hello.alpn.emplace_back(protocol);
  }
  return true;
}

bool read_versions(std::string_view body, ClientHello& hello) {
  BytesReader reader(body);
  BytesReader list(reader.vector8());
  if (reader.failed() || !reader.empty() || list.empty()) return false;
  hello.versions.clear();
  while (!list.empty()) hello.versions.push_back(list.u16());
  return !list.failed();
}

bool once(bool& seen) {
  return !std::exchange(seen, true);
}

bool read_extension(uint16_t type, std::string_view body, Seen& seen, ClientHello& hello) {
  switch (type) {
    case kServerName:
      return once(seen.server_name) && read_server_name(body, hello);
    case kAlpn:
      return once(seen.alpn) && read_alpn(body, hello);
    case kSupportedVersions:
      return once(seen.versions) && read_versions(body, hello);
    default:
      return true;
  }
}

bool read_hello(std::string_view body, ClientHello& hello) {
  BytesReader reader(body);
  const uint16_t legacy_version = reader.u16();
  const std::string_view random = reader.take(32);
  const std::string_view session = reader.vector8();
  const std::string_view suites = reader.vector16();
  const std::string_view compressions = reader.vector8();
  if (reader.failed() || random.empty() || session.size() > kMaxSessionId || suites.empty() || suites.size() % 2 != 0 ||
      compressions.empty()) {
    return false;
  }
  hello.versions.push_back(legacy_version);
  if (reader.empty()) return true;
  BytesReader extensions(reader.vector16());
  if (reader.failed() || !reader.empty()) return false;
  Seen seen;
  while (!extensions.empty()) {
    const uint16_t type = extensions.u16();
    const std::string_view extension = extensions.vector16();
    if (extensions.failed() || !read_extension(type, extension, seen, hello)) return false;
  }
  return true;
}

// The header of the first record is judged byte by byte, so that other protocols are told apart at once.
bool can_be_tls(std::string_view buffer) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(buffer[i]); };
  if (!buffer.empty() && byte(0) != kHandshakeRecord) return false;
  if (buffer.size() > 1 && byte(1) != 3) return false;
  if (buffer.size() > 2 && byte(2) > 4) return false;
  return buffer.size() <= kRecordHeader || byte(kRecordHeader) == kClientHello;
}

}  // namespace

State ClientHelloParser::take_record(std::string_view buffer) {
  BytesReader reader(buffer.substr(taken_));
  if (reader.rest().size() < kRecordHeader) return State::kMore;
  const uint8_t type = reader.u8();
  const uint16_t version = reader.u16();
  const size_t size = reader.u16();
  if (type != kHandshakeRecord || version >> 8 != 3 || size == 0 || size > kMaxFragment) return State::kMalformed;
  if (taken_ + kRecordHeader + size > kMaxBytes) return State::kMalformed;
  if (reader.rest().size() < size) return State::kMore;
  handshake_ += reader.take(size);
  taken_ += kRecordHeader + size;
  return State::kDone;
}

State ClientHelloParser::parse(std::string_view buffer, ClientHello& hello) {
  if (!can_be_tls(buffer)) return State::kNotTls;
  // Only with the first byte of the message is it certain that this is TLS at all, and a bad record malformed.
  if (buffer.size() <= kRecordHeader) return State::kMore;
  while (true) {
    BytesReader reader(handshake_);
    const uint8_t type = reader.u8();
    const size_t size = reader.u24();
    if (!reader.failed()) {
      if (type != kClientHello || size > kMaxBytes) return State::kMalformed;
      if (handshake_.size() >= kHandshakeHeader + size) {
        hello = {};
        return read_hello(reader.take(size), hello) ? State::kDone : State::kMalformed;
      }
    }
    const State record = take_record(buffer);
    if (record != State::kDone) return record;
  }
}

}  // namespace ripstop::protocol
