#include "protocol/first_bytes/client_hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ripstop::protocol {
namespace {

using State = ClientHelloParser::State;
using testing::ElementsAre;
using testing::IsEmpty;

std::string number(size_t value, size_t size) {
  std::string bytes;
  for (size_t i = size; i > 0; --i) bytes += static_cast<char>(value >> (8 * (i - 1)) & 0xFF);
  return bytes;
}
std::string vector8(const std::string& body) {
  return number(body.size(), 1) + body;
}
std::string vector16(const std::string& body) {
  return number(body.size(), 2) + body;
}
std::string extension(uint16_t type, const std::string& body) {
  return number(type, 2) + vector16(body);
}

std::string server_name(const std::string& name) {
  return extension(0, vector16(std::string(1, '\0') + vector16(name)));
}
std::string alpn(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) list += vector8(protocol);
  return extension(16, vector16(list));
}
const std::string kTls13And12 = extension(43, vector8("\x03\x04\x03\x03"));

// A handshake message with these extensions.
std::string hello_message(const std::string& extensions) {
  const std::string body = std::string("\x03\x03") + std::string(32, 'r') + vector8(std::string(32, 's')) +
                           vector16("\x13\x01\x13\x03") + vector8(std::string(1, '\0')) + vector16(extensions);
  return std::string(1, '\x01') + number(body.size(), 3) + body;
}
std::string record(const std::string& fragment) {
  return "\x16\x03\x01" + vector16(fragment);
}

State parse(const std::string& bytes, ClientHello& hello) {
  ClientHelloParser parser;
  return parser.parse(bytes, hello);
}

const std::string kHello =
    record(hello_message(server_name("Reviews.Default.example") + extension(10, vector16(number(29, 2))) +
                         alpn({"istio-h2", "h2", "http/1.1"}) + kTls13And12));

void expect_reviews(const ClientHello& hello) {
  EXPECT_EQ(hello.server_name, "reviews.default.example");
  EXPECT_THAT(hello.alpn, ElementsAre("istio-h2", "h2", "http/1.1"));
  EXPECT_THAT(hello.versions, ElementsAre(0x0304, 0x0303));
}

TEST(ClientHello, GivesNameProtocolsAndVersions) {
  ClientHello hello;
  ASSERT_EQ(parse(kHello, hello), State::kDone);
  expect_reviews(hello);
}

TEST(ClientHello, ComesByteByByte) {
  ClientHelloParser parser;
  ClientHello hello;
  for (size_t size = 0; size < kHello.size(); ++size) {
    ASSERT_EQ(parser.parse(std::string_view(kHello).substr(0, size), hello), State::kMore) << size;
  }
  ASSERT_EQ(parser.parse(kHello, hello), State::kDone);
  expect_reviews(hello);
}

TEST(ClientHello, ComesInManyRecords) {
  const std::string message = kHello.substr(5);
  std::string records;
  for (size_t at = 0; at < message.size(); at += 7) records += record(message.substr(at, 7));
  ClientHello hello;
  ASSERT_EQ(parse(records, hello), State::kDone);
  expect_reviews(hello);
}

TEST(ClientHello, NeedsNoExtensions) {
  const std::string body = std::string("\x03\x03") + std::string(32, 'r') + vector8("") + vector16("\x13\x01") +
                           vector8(std::string(1, '\0'));
  ClientHello hello;
  ASSERT_EQ(parse(record(std::string(1, '\x01') + number(body.size(), 3) + body), hello), State::kDone);
  EXPECT_THAT(hello.server_name, IsEmpty());
  EXPECT_THAT(hello.versions, ElementsAre(0x0303));
}

TEST(ClientHello, OtherProtocolsAreToldAtTheirFirstByte) {
  ClientHello hello;
  EXPECT_EQ(parse("", hello), State::kMore);
  EXPECT_EQ(parse("G", hello), State::kNotTls);
  EXPECT_EQ(parse("\x16\x02", hello), State::kNotTls);
  EXPECT_EQ(parse("\x16\x03\x05", hello), State::kNotTls);
  EXPECT_EQ(parse(std::string("\x16\x03\x01\x00\x20\x02", 6), hello), State::kNotTls);
  // The record is too long for TLS, but that it is not TLS is only known with the sixth byte.
  EXPECT_EQ(parse(std::string("\x16\x03\x00\x8b\x00", 5), hello), State::kMore);
  EXPECT_EQ(parse(std::string("\x16\x03\x00\x8b\x00\x13", 6), hello), State::kNotTls);
  EXPECT_EQ(parse(std::string("\x16\x03\x00\x8b\x00\x01", 6), hello), State::kMalformed);
}

TEST(ClientHello, BrokenExtensionsAreMalformed) {
  const std::string one = vector16(std::string(1, '\0') + vector16("a"));
  const std::string two = vector16(std::string(1, '\0') + vector16("a") + std::string(1, '\0') + vector16("b"));
  const std::vector<std::string> bad = {
      extension(0, ""),
      extension(0, vector16("")),
      extension(0, two),
      extension(0, one + "x"),
      extension(0, vector16(std::string(1, '\x01') + vector16("a"))),
      server_name(""),
      server_name(std::string("a\0b", 3)),
      server_name("a b"),
      server_name("caf\xc3\xa9"),
      server_name(std::string(256, 'a')),
      server_name("a") + server_name("a"),
      alpn({}),
      alpn({""}),
      alpn({"h2"}) + alpn({"h2"}),
      alpn(std::vector<std::string>(65, "h2")),
      extension(43, vector8("")),
      extension(43, vector8("\x03")),
      number(0, 2),
      extension(10, "x") + "y",
  };
  for (const std::string& extensions : bad) {
    ClientHello hello;
    EXPECT_EQ(parse(record(hello_message(extensions)), hello), State::kMalformed) << testing::PrintToString(extensions);
  }
}

TEST(ClientHello, EveryCutInsideTheMessageIsMalformedOrWaits) {
  const std::string message = kHello.substr(5);
  for (size_t size = 4; size < message.size(); ++size) {
    std::string cut = message.substr(0, size);
    cut.replace(1, 3, number(size - 4, 3));
    ClientHello hello;
    const State state = parse(record(cut), hello);
    // Where the extensions have not begun the message is a whole one of an old client.
    const bool before_extensions = size == 4 + 2 + 32 + 33 + 6 + 2;
    EXPECT_EQ(state, before_extensions ? State::kDone : State::kMalformed) << size;
  }
}

TEST(ClientHello, MoreThanTheBoundIsMalformed) {
  ClientHello hello;
  EXPECT_EQ(parse(record(std::string("\x01\x00\x40\x01", 4)), hello), State::kMalformed);
  std::string crumbs;
  for (int i = 0; i < 3000; ++i) crumbs += record(i == 0 ? "\x01" : std::string(1, '\0'));
  EXPECT_NE(parse(crumbs, hello), State::kMore);
  EXPECT_EQ(parse(record(std::string("\x01\x00\x30\x00", 4)) + "\x16\x03\x01\xff\xff", hello), State::kMalformed);
  EXPECT_EQ(parse(record(std::string("\x01\x00\x30\x00", 4)) + std::string("\x17\x03\x01\x00\x05", 5), hello),
            State::kMalformed);
}

}  // namespace
}  // namespace ripstop::protocol
