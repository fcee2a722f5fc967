// DNS messages: enough to answer for the mesh's own names and to pass every other query through untouched (RFC 1035,
// RFC 3596, RFC 6891).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace ripstop::protocol {

enum class DnsRcode : uint8_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNameError = 3,  // NXDOMAIN
  kNotImplemented = 4,
  kRefused = 5,
  kBadVersion = 16,  // of EDNS; needs an OPT record to be told
};

inline constexpr uint16_t kDnsTypeA = 1;
inline constexpr uint16_t kDnsTypeCname = 5;
inline constexpr uint16_t kDnsTypeAaaa = 28;
inline constexpr uint16_t kDnsTypeAny = 255;
inline constexpr uint16_t kDnsClassIn = 1;

// Largest UDP answer without EDNS, and what we offer with it (no fragments on any usual link).
inline constexpr size_t kDnsPlainUdpSize = 512;
inline constexpr size_t kDnsEdnsUdpSize = 1232;
inline constexpr size_t kDnsMaxMessage = 65535;

// Owns its parts, so it may outlive the message while an answer is sought.
struct DnsQuery {
  uint16_t id = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;
  uint16_t type = 0;
  uint16_t klass = 0;
  // Lower case without the final dot: "reviews.default"; "." for the root. Dots inside a label, backslashes and bytes
  // that do not print are written \DDD, so a name never reads like another.
  std::string name;
  // The question as it came, letter case included: resolvers check it in the answer.
  std::string question;
  bool has_edns = false;
  uint8_t edns_version = 0;
  bool dnssec_ok = false;
  // What the client can receive by UDP; at least 512.
  size_t udp_size = kDnsPlainUdpSize;
};

// A standard query with exactly one question. Otherwise the code to answer with: kFormatError, or kNotImplemented for
// another operation. A message that is not even a query (too short, or a response) has no answer: nullopt.
struct DnsRefusal {
  std::optional<DnsRcode> rcode;
};
[[nodiscard]] std::expected<DnsQuery, DnsRefusal> parse_dns_query(std::string_view message);

struct DnsAnswer {
  DnsRcode rcode = DnsRcode::kNoError;
  // Addresses of the wrong family for the query's type are left out; none left is NODATA.
  std::span<const IpAddress> addresses;
  // When set, the name is an alias of this one (without final dot), to which the addresses belong.
  std::string_view canonical_name;
  // Seconds.
  uint32_t ttl = 30;
  bool authoritative = true;
  bool recursion_available = true;
};

// The whole answer. What does not fit in `max_size` (see udp_answer_size; kDnsMaxMessage by TCP) is left out and the
// truncation bit set, so that the client asks again by TCP.
[[nodiscard]] std::string build_dns_answer(const DnsQuery& query, const DnsAnswer& answer, size_t max_size);

// For queries that did not parse: the header alone, with the code.
[[nodiscard]] std::string build_dns_refusal(std::string_view message, DnsRcode rcode);

// Bytes an answer by UDP may have.
[[nodiscard]] size_t udp_answer_size(const DnsQuery& query);

// --- passing through ------------------------------------------------------------------------------------------------

// Messages shorter than a header have id 0 and are not responses.
[[nodiscard]] uint16_t dns_id(std::string_view message);
[[nodiscard]] bool is_dns_response(std::string_view message);
[[nodiscard]] bool is_dns_truncated(std::string_view message);
[[nodiscard]] DnsRcode dns_rcode(std::string_view message);
void set_dns_id(std::span<char> message, uint16_t id);
// The response repeats the query's one question byte for byte; anything else may be forged.
[[nodiscard]] bool answers_dns_question(std::string_view query, std::string_view response);

// DNS over TCP (RFC 1035 section 4.2.2): the first whole message of `stream` without its length; nullopt while it is
// not complete. It and its two bytes of length are what to drop from the stream.
inline constexpr size_t kDnsTcpPrefix = 2;
[[nodiscard]] std::optional<std::string_view> first_dns_tcp_message(std::string_view stream);
// False, and nothing is added, when the message is larger than 65535 bytes.
[[nodiscard]] bool append_dns_tcp_message(std::string_view message, std::string& stream);

}  // namespace ripstop::protocol
