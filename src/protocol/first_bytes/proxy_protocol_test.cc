#include "protocol/first_bytes/proxy_protocol.h"

#include <gtest/gtest.h>

namespace ripstop::protocol {
namespace {

using namespace std::string_literals;
using State = ProxyHeaderResult::State;

const SocketAddress kFrom4 = *SocketAddress::parse("192.0.2.1:56324");
const SocketAddress kTo4 = *SocketAddress::parse("198.51.100.2:443");
const SocketAddress kFrom6 = *SocketAddress::parse("[2001:db8::1]:56324");
const SocketAddress kTo6 = *SocketAddress::parse("[2001:db8::2]:443");

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(const std::string& fixed, const std::string& rest) {
  return kSignature + fixed + rest;
}

void expect_whole_and_by_byte(const std::string& bytes, State expected, ProxyHeader& header) {
  const ProxyHeaderResult whole = parse_proxy_header(bytes, header);
  EXPECT_EQ(whole.state, expected) << testing::PrintToString(bytes);
  ProxyHeaderResult cut;
  size_t size = 0;
  while (cut.state == State::kMore && size <= bytes.size()) {
    cut = parse_proxy_header(std::string_view(bytes).substr(0, size++), header);
  }
  EXPECT_EQ(cut.state, expected) << testing::PrintToString(bytes);
  EXPECT_EQ(cut.consumed, whole.consumed);
}

TEST(ProxyProtocol, BothVersionsGoThereAndBack) {
  for (const auto& [from, to] : {std::pair(kFrom4, kTo4), std::pair(kFrom6, kTo6)}) {
    for (const std::string& bytes : {write_proxy_v1(from, to), write_proxy_v2(from, to)}) {
      ProxyHeader header;
      expect_whole_and_by_byte(bytes + "GET", State::kDone, header);
      EXPECT_EQ(parse_proxy_header(bytes + "GET", header).consumed, bytes.size());
      EXPECT_EQ(header.source, from);
      EXPECT_EQ(header.destination, to);
      EXPECT_FALSE(header.local);
    }
  }
  EXPECT_EQ(write_proxy_v1(kFrom4, kTo4), "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
}

TEST(ProxyProtocol, FamiliesThatDifferHaveNoAddresses) {
  ProxyHeader header;
  expect_whole_and_by_byte(write_proxy_v1(kFrom4, kTo6), State::kDone, header);
  EXPECT_FALSE(header.source);
  expect_whole_and_by_byte(write_proxy_v2(kFrom4, kTo6), State::kDone, header);
  EXPECT_TRUE(header.local);
}

TEST(ProxyProtocol, TlvsGoThereAndBack) {
  const std::vector<ProxyTlv> tlvs = {{kProxyTlvAlpn, "h2"}, {kProxyTlvAuthority, "a.example"}, {0xE0, ""}};
  ProxyHeader header;
  expect_whole_and_by_byte(write_proxy_v2(kFrom4, kTo4, tlvs), State::kDone, header);
  ASSERT_EQ(header.tlvs.size(), 3U);
  EXPECT_EQ(header.tlvs[1].type, kProxyTlvAuthority);
  EXPECT_EQ(header.tlvs[1].value, "a.example");
  EXPECT_TRUE(write_proxy_v2(kFrom4, kTo4, std::vector<ProxyTlv>{{1, std::string(3000, 'x')}}).empty());
}

TEST(ProxyProtocol, TheChecksumIsVerified) {
  // The sum below was made with an independent implementation of CRC-32c.
  std::string bytes =
      kSignature + "\x21\x11\0\x13"s + "\xc0\0\2\1\xc6\x33\x64\2\xdc\4\1\xbb"s + "\3\0\4"s + "\x20\xec\x95\x49"s;
  ProxyHeader header;
  EXPECT_EQ(parse_proxy_header(bytes, header).state, State::kDone);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(parse_proxy_header(bytes, header).state, State::kMalformed);
}

TEST(ProxyProtocol, LocalHeadersAreSkippedWhole) {
  const std::string bytes = kSignature + "\x20\0\0\3abc"s;
  ProxyHeader header;
  expect_whole_and_by_byte(bytes, State::kDone, header);
  EXPECT_TRUE(header.local);
  EXPECT_EQ(parse_proxy_header(bytes + "x", header).consumed, bytes.size());
}

TEST(ProxyProtocol, OtherBytesAreNoHeader) {
  ProxyHeader header;
  for (const std::string& bytes : {"GET / HTTP/1.1\r\n"s, "PRO "s, "\r\n\r\nx"s, "\x16\x03\x01"s}) {
    expect_whole_and_by_byte(bytes, State::kAbsent, header);
  }
  EXPECT_EQ(parse_proxy_header("", header).state, State::kMore);
}

TEST(ProxyProtocol, BrokenHeadersAreMalformed) {
  const std::string address4 = "\xc0\0\2\1\xc6\x33\x64\2\xdc\4\1\xbb"s;
  for (const std::string& bytes : {
           "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\n"s,
           "PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n"s,
           "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443 \r\n"s,
           "PROXY TCP4  192.0.2.1 198.51.100.2 56324 443\r\n"s,
           "PROXY TCP4 192.0.2.1 198.51.100.2 056 443\r\n"s,
           "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n"s,
           "PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n"s,
           "PROXY TCP4 ::1 ::1 1 2\r\n"s,
           "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n"s,
           "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"s,
           "PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n"s,
           "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n"s,
           "PROXY \r\n"s,
           "PROXY TCP4 " + std::string(120, '1'),
           v2("\x11\x11\0\x0c"s, address4),
           v2("\x22\x11\0\x0c"s, address4),
           v2("\x21\x11\0\x0b"s, address4),
           v2("\x21\x41\0\x0c"s, address4),
           v2("\x21\x13\0\x0c"s, address4),
           v2("\x21\x11\0\x0d"s, address4 + "\1"),
           v2("\x21\x11\0\x10"s, address4 + "\1\0\2x"s),
           v2("\x21\x31\0\x0c"s, address4),
           kSignature + "\x21\x11\xff\xff"s,
       }) {
    ProxyHeader header;
    expect_whole_and_by_byte(bytes, State::kMalformed, header);
  }
}

}  // namespace
}  // namespace ripstop::protocol
