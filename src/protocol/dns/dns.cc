#include "protocol/dns/dns.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/bytes/bytes_reader.h"

namespace ripstop::protocol {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxAdditional = 8;
constexpr uint16_t kTypeOpt = 41;
constexpr uint16_t kResponseBit = 0x8000;
constexpr uint16_t kAuthoritativeBit = 0x0400;
constexpr uint16_t kTruncatedBit = 0x0200;
constexpr uint16_t kRecursionDesiredBit = 0x0100;
constexpr uint16_t kRecursionAvailableBit = 0x0080;
constexpr uint16_t kCheckingDisabledBit = 0x0010;
constexpr uint16_t kOpcodeMask = 0x7800;
constexpr uint16_t kRcodeMask = 0x000F;
constexpr uint32_t kDnssecOkBit = 0x8000;
// A pointer to the question's name, which begins right behind the header.
constexpr uint16_t kQuestionPointer = 0xC000 | kHeaderSize;
constexpr uint8_t kPointerBits = 0xC0;

void append_label(std::string_view label, std::string& name) {
  if (!name.empty()) name += '.';
  for (const char c : label) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte > 0x20 && byte < 0x7F && c != '.' && c != '\\') {
      name += ascii_lower(c);
      continue;
    }
    name += '\\';
    for (const int digit : {byte / 100, byte / 10 % 10, byte % 10}) name += static_cast<char>('0' + digit);
  }
}

// The name of the question. A pointer there could only point into the header, so none is followed.
bool read_question_name(BytesReader& reader, std::string& name) {
  size_t wire_size = 1;
  while (true) {
    const uint8_t size = reader.u8();
    if (reader.failed() || size > kMaxLabel) return false;
    if (size == 0) break;
    wire_size += size + size_t{1};
    if (wire_size > kMaxName) return false;
    append_label(reader.take(size), name);
  }
  if (name.empty()) name = ".";
  return !reader.failed();
}

bool skip_name(BytesReader& reader) {
  for (size_t labels = 0; labels <= kMaxName / 2; ++labels) {
    const uint8_t size = reader.u8();
    if (reader.failed() || size == 0) return !reader.failed();
    if ((size & kPointerBits) == kPointerBits) {
      (void)reader.u8();
      return !reader.failed();
    }
    if (size > kMaxLabel) return false;
    (void)reader.take(size);
  }
  return false;
}

bool read_opt(bool root_name, BytesReader& reader, DnsQuery& query) {
  // RFC 6891 section 6.1.1: at most one, named by the root.
  if (query.has_edns || !root_name) return false;
  query.has_edns = true;
  query.udp_size = std::max<size_t>(reader.u16(), kDnsPlainUdpSize);
  (void)reader.u8();
  query.edns_version = reader.u8();
  query.dnssec_ok = (reader.u16() & kDnssecOkBit) != 0;
  (void)reader.vector16();
  return !reader.failed();
}

bool read_additional(BytesReader& reader, DnsQuery& query) {
  const bool root_name = reader.rest().starts_with('\0');
  if (!skip_name(reader)) return false;
  const uint16_t type = reader.u16();
  if (type == kTypeOpt) return read_opt(root_name, reader, query);
  (void)reader.u16();
  (void)reader.u32();
  (void)reader.vector16();
  return !reader.failed();
}

void put_u16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

void put_u32(std::string& out, uint32_t value) {
  put_u16(out, static_cast<uint16_t>(value >> 16));
  put_u16(out, static_cast<uint16_t>(value & 0xFFFF));
}

struct Counts {
  uint16_t questions = 0;
  uint16_t answers = 0;
  uint16_t additional = 0;
};

std::string header(uint16_t id, uint16_t flags, const Counts& counts) {
  std::string out;
  put_u16(out, id);
  put_u16(out, flags);
  put_u16(out, counts.questions);
  put_u16(out, counts.answers);
  put_u16(out, 0);
  put_u16(out, counts.additional);
  return out;
}

uint16_t flag(bool set, uint16_t bit) {
  return set ? bit : uint16_t{0};
}

uint16_t answer_flags(const DnsQuery& query, const DnsAnswer& answer, bool truncated) {
  const auto rcode = static_cast<uint16_t>(static_cast<uint16_t>(answer.rcode) & kRcodeMask);
  return kResponseBit | flag(answer.authoritative, kAuthoritativeBit) | flag(truncated, kTruncatedBit) |
         flag(query.recursion_desired, kRecursionDesiredBit) |
         flag(answer.recursion_available, kRecursionAvailableBit) |
         flag(query.checking_disabled, kCheckingDisabledBit) | rcode;
}

std::string opt_record(const DnsQuery& query, DnsRcode rcode) {
  if (!query.has_edns) return {};
  std::string out(1, '\0');
  put_u16(out, kTypeOpt);
  put_u16(out, kDnsEdnsUdpSize);
  put_u32(out, static_cast<uint32_t>(rcode) >> 4 << 24 | (query.dnssec_ok ? kDnssecOkBit : 0));
  put_u16(out, 0);
  return out;
}

void put_record(std::string& out, std::string_view owner, uint16_t type, uint32_t ttl, std::string_view value) {
  out += owner;
  put_u16(out, type);
  put_u16(out, kDnsClassIn);
  put_u32(out, ttl);
  put_u16(out, static_cast<uint16_t>(value.size()));
  out += value;
}

// Wire form of a name; empty when it cannot be one.
std::string wire_name(std::string_view name) {
  std::string wire;
  for (const std::string_view label : split(name, '.')) {
    if (label.empty() || label.size() > kMaxLabel) return {};
    wire += static_cast<char>(label.size());
    wire += label;
  }
  wire += '\0';
  return wire.size() <= kMaxName ? wire : std::string{};
}

bool is_wanted(uint16_t type, const IpAddress& address) {
  return type == kDnsTypeAny || type == (address.is_v4() ? kDnsTypeA : kDnsTypeAaaa);
}

struct Records {
  std::string bytes;
  uint16_t count = 0;
};

Records answer_records(const DnsQuery& query, const DnsAnswer& answer) {
  Records records;
  if (answer.rcode != DnsRcode::kNoError || query.klass != kDnsClassIn) return records;
  std::string owner;
  put_u16(owner, kQuestionPointer);
  if (!answer.canonical_name.empty()) {
    const std::string target = wire_name(answer.canonical_name);
    if (target.empty()) return records;
    put_record(records.bytes, owner, kDnsTypeCname, answer.ttl, target);
    ++records.count;
    owner = target;
  }
  for (const IpAddress& address : answer.addresses) {
    if (!is_wanted(query.type, address) || records.bytes.size() > kDnsMaxMessage) continue;
    put_record(records.bytes, owner, address.is_v4() ? kDnsTypeA : kDnsTypeAaaa, answer.ttl, address.bytes());
    ++records.count;
  }
  return records;
}

uint16_t flags_of(std::string_view message) {
  return static_cast<uint16_t>(static_cast<uint8_t>(message[2]) << 8 | static_cast<uint8_t>(message[3]));
}

// The question section with its count of one; empty when it is not just that.
std::string_view only_question(std::string_view message) {
  BytesReader reader(message);
  (void)reader.u32();
  if (reader.u16() != 1) return {};
  (void)reader.take(6);
  const std::string_view rest = reader.rest();
  std::string name;
  if (!read_question_name(reader, name)) return {};
  (void)reader.u32();
  return reader.failed() ? std::string_view{} : rest.substr(0, rest.size() - reader.rest().size());
}

}  // namespace

std::expected<DnsQuery, DnsRefusal> parse_dns_query(std::string_view message) {
  if (message.size() < kHeaderSize || is_dns_response(message)) return std::unexpected(DnsRefusal{});
  BytesReader reader(message);
  DnsQuery query;
  query.id = reader.u16();
  const uint16_t flags = reader.u16();
  query.recursion_desired = (flags & kRecursionDesiredBit) != 0;
  query.checking_disabled = (flags & kCheckingDisabledBit) != 0;
  if ((flags & kOpcodeMask) != 0) return std::unexpected(DnsRefusal{DnsRcode::kNotImplemented});
  const std::unexpected malformed(DnsRefusal{DnsRcode::kFormatError});
  const uint16_t questions = reader.u16();
  const uint16_t answers = reader.u16();
  const uint16_t authorities = reader.u16();
  const uint16_t additional = reader.u16();
  if (questions != 1 || answers != 0 || authorities != 0 || additional > kMaxAdditional) return malformed;
  if (!read_question_name(reader, query.name)) return malformed;
  query.type = reader.u16();
  query.klass = reader.u16();
  if (reader.failed()) return malformed;
  query.question = message.substr(kHeaderSize, message.size() - kHeaderSize - reader.rest().size());
  for (size_t i = 0; i < additional; ++i) {
    if (!read_additional(reader, query)) return malformed;
  }
  return query;
}

std::string build_dns_answer(const DnsQuery& query, const DnsAnswer& answer, size_t max_size) {
  const Records records = answer_records(query, answer);
  const std::string opt = opt_record(query, answer.rcode);
  const bool fits = kHeaderSize + query.question.size() + records.bytes.size() + opt.size() <= max_size;
  const Counts counts{.questions = 1,
                      .answers = fits ? records.count : uint16_t{0},
                      .additional = static_cast<uint16_t>(query.has_edns ? 1 : 0)};
  std::string out = header(query.id, answer_flags(query, answer, !fits), counts);
  out += query.question;
  if (fits) out += records.bytes;
  out += opt;
  return out;
}

std::string build_dns_refusal(std::string_view message, DnsRcode rcode) {
  const uint16_t flags = message.size() < kHeaderSize ? uint16_t{0} : flags_of(message);
  const auto kept = static_cast<uint16_t>(flags & (kOpcodeMask | kRecursionDesiredBit));
  const auto code = static_cast<uint16_t>(static_cast<uint16_t>(rcode) & kRcodeMask);
  return header(dns_id(message), kResponseBit | kept | code, {});
}

size_t udp_answer_size(const DnsQuery& query) {
  return std::min(query.udp_size, kDnsEdnsUdpSize);
}

uint16_t dns_id(std::string_view message) {
  return message.size() < kHeaderSize ? uint16_t{0} : BytesReader(message).u16();
}

bool is_dns_response(std::string_view message) {
  return message.size() >= kHeaderSize && (flags_of(message) & kResponseBit) != 0;
}

bool is_dns_truncated(std::string_view message) {
  return message.size() >= kHeaderSize && (flags_of(message) & kTruncatedBit) != 0;
}

DnsRcode dns_rcode(std::string_view message) {
  if (message.size() < kHeaderSize) return DnsRcode::kFormatError;
  return static_cast<DnsRcode>(flags_of(message) & kRcodeMask);
}

void set_dns_id(std::span<char> message, uint16_t id) {
  if (message.size() < kHeaderSize) return;
  message[0] = static_cast<char>(id >> 8);
  message[1] = static_cast<char>(id & 0xFF);
}

bool answers_dns_question(std::string_view query, std::string_view response) {
  const std::string_view question = only_question(query);
  return is_dns_response(response) && !question.empty() && only_question(response) == question;
}

std::optional<std::string_view> first_dns_tcp_message(std::string_view stream) {
  BytesReader reader(stream);
  const std::string_view message = reader.vector16();
  if (reader.failed()) return std::nullopt;
  return message;
}

bool append_dns_tcp_message(std::string_view message, std::string& stream) {
  if (message.size() > kDnsMaxMessage) return false;
  put_u16(stream, static_cast<uint16_t>(message.size()));
  stream += message;
  return true;
}

}  // namespace ripstop::protocol
