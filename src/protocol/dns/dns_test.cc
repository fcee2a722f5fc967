#include "protocol/dns/dns.h"

#include <gtest/gtest.h>

#include <string>

namespace ripstop::protocol {
namespace {

using namespace std::string_literals;

std::string wire(std::string_view name) {
  std::string bytes;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('.', at), name.size());
    bytes += static_cast<char>(end - at);
    bytes += name.substr(at, end - at);
    at = end + 1;
  }
  return bytes + '\0';
}

std::string u16(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
}

// Recursion desired, one question.
std::string query(std::string_view name, uint16_t type, const std::string& additional = {}) {
  return "\x12\x34"s + "\x01\x00"s + u16(1) + u16(0) + u16(0) + u16(additional.empty() ? 0 : 1) + wire(name) +
         u16(type) + u16(1) + additional;
}

std::string opt(uint16_t size, uint8_t version = 0, uint16_t flags = 0) {
  return "\0"s + u16(41) + u16(size) + '\0' + static_cast<char>(version) + u16(flags) + u16(0);
}

const std::vector<IpAddress> kAddresses = {IpAddress::v4({10, 0, 0, 1}), *IpAddress::parse("fd00::1"),
                                           IpAddress::v4({10, 0, 0, 2})};

TEST(Dns, ReadsAQuery) {
  const std::string message = query("Reviews.DEFAULT.svc", kDnsTypeA);
  const auto parsed = parse_dns_query(message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, 0x1234);
  EXPECT_EQ(parsed->name, "reviews.default.svc");
  EXPECT_EQ(parsed->type, kDnsTypeA);
  EXPECT_TRUE(parsed->recursion_desired);
  EXPECT_FALSE(parsed->has_edns);
  EXPECT_EQ(parsed->question, std::string_view(message).substr(12));
  EXPECT_EQ(udp_answer_size(*parsed), 512U);
}

TEST(Dns, AnswersAWithTheQuestionAsItWasSpelt) {
  const std::string message = query("ReViews", kDnsTypeA);
  const auto parsed = parse_dns_query(message);
  ASSERT_TRUE(parsed);
  const std::string answer = build_dns_answer(*parsed, {.addresses = kAddresses, .ttl = 60}, 512);
  EXPECT_EQ(answer, "\x12\x34\x85\x80\0\1\0\2\0\0\0\0"s + wire("ReViews") + u16(1) + u16(1) +
                        "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1"s + "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\2"s);
  EXPECT_TRUE(answers_dns_question(message, answer));
}

TEST(Dns, AnswersAaaaByItself) {
  const auto parsed = parse_dns_query(query("a", kDnsTypeAaaa));
  ASSERT_TRUE(parsed);
  const std::string answer = build_dns_answer(*parsed, {.addresses = kAddresses, .ttl = 1}, 512);
  EXPECT_EQ(answer.substr(4, 8), "\0\1\0\1\0\0\0\0"s);
  EXPECT_EQ(answer.substr(answer.size() - 18), "\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"s);
}

TEST(Dns, AnAliasComesBeforeTheAddressesOfItsTarget) {
  const std::string message = query("a.ns.svc", kDnsTypeA);
  const auto parsed = parse_dns_query(message);
  ASSERT_TRUE(parsed);
  const std::string answer = build_dns_answer(
      *parsed, {.addresses = std::span(kAddresses).first(1), .canonical_name = "a.example", .ttl = 1}, 512);
  EXPECT_EQ(answer, "\x12\x34\x85\x80\0\1\0\2\0\0\0\0"s + message.substr(12) + "\xc0\x0c\0\5\0\1\0\0\0\1\0\x0b"s +
                        wire("a.example") + wire("a.example") + "\0\1\0\1\0\0\0\1\0\4\x0a\0\0\1"s);
}

TEST(Dns, TellsNoSuchNameAndNoSuchTypeApart) {
  const auto parsed = parse_dns_query(query("a", 15));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(dns_rcode(build_dns_answer(*parsed, {.rcode = DnsRcode::kNameError}, 512)), DnsRcode::kNameError);
  const std::string nodata = build_dns_answer(*parsed, {.addresses = kAddresses}, 512);
  EXPECT_EQ(dns_rcode(nodata), DnsRcode::kNoError);
  EXPECT_EQ(nodata.substr(6, 2), "\0\0"s);
  for (const DnsRcode rcode : {DnsRcode::kServerFailure, DnsRcode::kRefused}) {
    EXPECT_EQ(dns_rcode(build_dns_answer(*parsed, {.rcode = rcode, .addresses = kAddresses}, 512)), rcode);
  }
}

TEST(Dns, TruncatesWhatDoesNotFit) {
  const std::vector<IpAddress> many(100, IpAddress::v4({10, 0, 0, 1}));
  const auto parsed = parse_dns_query(query("a", kDnsTypeA, opt(1400)));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(udp_answer_size(*parsed), kDnsEdnsUdpSize);
  const std::string by_udp = build_dns_answer(*parsed, {.addresses = many}, udp_answer_size(*parsed));
  EXPECT_TRUE(is_dns_truncated(by_udp));
  EXPECT_EQ(by_udp.substr(6, 2), "\0\0"s);
  EXPECT_LE(by_udp.size(), kDnsEdnsUdpSize);
  const std::string by_tcp = build_dns_answer(*parsed, {.addresses = many}, kDnsMaxMessage);
  EXPECT_FALSE(is_dns_truncated(by_tcp));
  EXPECT_EQ(by_tcp.substr(6, 2), u16(100));
}

TEST(Dns, EchoesEdns) {
  const auto parsed = parse_dns_query(query("a", kDnsTypeA, opt(4096, 0, 0x8000)));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->dnssec_ok);
  EXPECT_EQ(parsed->udp_size, 4096U);
  const std::string answer = build_dns_answer(*parsed, {.addresses = kAddresses}, 512);
  EXPECT_EQ(answer.substr(answer.size() - 11), opt(1232, 0, 0x8000));
  const auto small = parse_dns_query(query("a", kDnsTypeA, opt(1)));
  ASSERT_TRUE(small);
  EXPECT_EQ(small->udp_size, 512U);
  const auto future = parse_dns_query(query("a", kDnsTypeA, opt(512, 1)));
  ASSERT_TRUE(future);
  EXPECT_EQ(future->edns_version, 1);
  const std::string bad = build_dns_answer(*future, {.rcode = DnsRcode::kBadVersion}, 512);
  EXPECT_EQ(bad.substr(bad.size() - 6, 1), "\1"s);
}

TEST(Dns, NamesThatCouldReadLikeOthersAreEscaped) {
  const std::string message = "\0\0\0\0\0\1\0\0\0\0\0\0\4a.b\\\1\xff\0\0\1\0\1"s;
  const auto parsed = parse_dns_query(message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "a\\046b\\092.\\255");
}

TEST(Dns, HostileQueriesAreRefused) {
  const auto rcode = [](const std::string& message) {
    const auto parsed = parse_dns_query(message);
    return parsed ? std::optional(DnsRcode::kNoError) : parsed.error().rcode;
  };
  const std::string good = query("a", kDnsTypeA);
  EXPECT_EQ(rcode(good), DnsRcode::kNoError);
  EXPECT_EQ(rcode(good.substr(0, 11)), std::nullopt);
  std::string response = good;
  response[2] = '\x81';
  EXPECT_EQ(rcode(response), std::nullopt);
  std::string update = good;
  update[2] = '\x28';
  EXPECT_EQ(rcode(update), DnsRcode::kNotImplemented);
  for (size_t size = 12; size < good.size(); ++size) EXPECT_EQ(rcode(good.substr(0, size)), DnsRcode::kFormatError);
  std::string two = good;
  two[5] = '\2';
  EXPECT_EQ(rcode(two), DnsRcode::kFormatError);
  const std::string head = good.substr(0, 12);
  EXPECT_EQ(rcode(head + "\xc0\x0c\0\1\0\1"s), DnsRcode::kFormatError) << "a name that points to itself";
  EXPECT_EQ(rcode(head + "\x40"s + std::string(70, 'a')), DnsRcode::kFormatError) << "label of 64";
  std::string long_name;
  for (int i = 0; i < 5; ++i) long_name += '\x3f' + std::string(63, 'a');
  EXPECT_EQ(rcode(head + long_name + "\0\0\1\0\1"s), DnsRcode::kFormatError) << "name of 321";
  EXPECT_EQ(rcode(query("a", 1, opt(512) + opt(512)).replace(10, 2, u16(2))), DnsRcode::kFormatError) << "two OPT";
  EXPECT_EQ(rcode(query("a", 1).replace(10, 2, u16(9))), DnsRcode::kFormatError);
}

TEST(Dns, RefusalsKeepTheId) {
  const std::string refusal = build_dns_refusal(query("a", 1), DnsRcode::kFormatError);
  EXPECT_EQ(refusal, "\x12\x34\x81\1\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(build_dns_refusal("xy", DnsRcode::kRefused).size(), 12U);
}

TEST(Dns, AForgedResponseDoesNotAnswer) {
  const std::string question = query("ReViews", kDnsTypeA);
  std::string response = question;
  response[2] = '\x81';
  EXPECT_TRUE(answers_dns_question(question, response));
  EXPECT_FALSE(answers_dns_question(question, question));
  std::string other_case = query("reviews", kDnsTypeA);
  other_case[2] = '\x81';
  EXPECT_FALSE(answers_dns_question(question, other_case));
  EXPECT_FALSE(answers_dns_question(question, response.substr(0, 14)));
}

TEST(Dns, PassesMessagesOnUnderAnotherId) {
  std::string message = query("a", 1);
  set_dns_id(message, 0xBEEF);
  EXPECT_EQ(dns_id(message), 0xBEEF);
  EXPECT_EQ(message.substr(2), query("a", 1).substr(2));
}

TEST(Dns, TcpMessagesAreFramed) {
  std::string stream;
  ASSERT_TRUE(append_dns_tcp_message("abc", stream));
  ASSERT_TRUE(append_dns_tcp_message("", stream));
  EXPECT_EQ(stream, "\0\3abc\0\0"s);
  for (size_t size = 0; size < 5; ++size) EXPECT_FALSE(first_dns_tcp_message(std::string_view(stream).substr(0, size)));
  EXPECT_EQ(first_dns_tcp_message(stream), "abc");
  EXPECT_FALSE(append_dns_tcp_message(std::string(65536, 'x'), stream));
}

}  // namespace
}  // namespace ripstop::protocol
