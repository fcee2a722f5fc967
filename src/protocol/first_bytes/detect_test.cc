#include "protocol/first_bytes/detect.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ripstop::protocol {
namespace {

using namespace std::string_view_literals;

struct Row {
  std::string_view bytes;
  Detected expected;
};

constexpr auto kRows = std::to_array<Row>({
    {"", Detected::kMore},
    {"\x16\x03\x01\x02\x00\x01"sv, Detected::kTls},
    {"\x16\x03\x01\x02"sv, Detected::kMore},
    {"\x16\x03\x05\x02\x00\x01"sv, Detected::kOpaque},
    {"\x16\x03\x01\x02\x00\x02"sv, Detected::kOpaque},
    {"\x16\x02"sv, Detected::kOpaque},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Detected::kHttp2},
    {"PRI * HTTP/2.0\r\n\r\nSM", Detected::kMore},
    {"PRI * HTTP/2.0\r\n\r\nXX", Detected::kHttp1},
    {"GET / HTTP/1.1\r\n", Detected::kHttp1},
    {"GET /", Detected::kHttp1},
    {"GET", Detected::kMore},
    {"GET ", Detected::kMore},
    {"BREW /pot HTTP/1.1\r\n", Detected::kHttp1},
    {"BREW /pot", Detected::kMore},
    {"BREW /pot\r\n", Detected::kOpaque},
    {"CONNECT a:443 HTTP/1.1\r\n", Detected::kHttp1},
    {"OPTIONS * HTTP/1.1\r\n", Detected::kHttp1},
    {"GET http://a/ HTTP/1.1\r\n", Detected::kHttp1},
    // Written oddly, but some server would serve it.
    {"get /admin http/1.1\n", Detected::kHttp1},
    {"GET /admin\r\n", Detected::kHttp1},
    {"GET\t/admin HTTP/1.1\r\n", Detected::kHttp1},
    {"GET\v/admin HTTP/1.1\r\n", Detected::kHttp1},
    {"\r\n\r\nGET /admin HTTP/1.1\r\n", Detected::kHttp1},
    {" GET /admin HTTP/1.1\r\n", Detected::kHttp1},
    {"\n\n\n\n\n\n\n\n\n\n", Detected::kHttp1},
    {"FOO /caf\xc3\xa9 HTTP/1.1\r\n", Detected::kHttp1},
    {"GET \0/ HTTP/1.1\r\n"sv, Detected::kHttp1},
    // Not HTTP.
    {"\x00\x00\x00\x08\x04\xd2\x16\x2f"sv, Detected::kOpaque},  // PostgreSQL SSLRequest
    {"*1\r\n$4\r\nPING\r\n", Detected::kOpaque},                // Redis
    {"SET key value\r\n", Detected::kOpaque},                   // Redis, inline
    {"GET key\r\n", Detected::kOpaque},
    {"EHLO client.example\r\n", Detected::kOpaque},
    {"SSH-2.0-OpenSSH_9.2\r\n", Detected::kOpaque},
    {"PING\r\n", Detected::kOpaque},
});

TEST(Detect, EveryRow) {
  for (const Row& row : kRows) EXPECT_EQ(detect(row.bytes), row.expected) << row.bytes;
}

TEST(Detect, MoreBytesNeverChangeAnAnswer) {
  for (const Row& row : kRows) {
    Detected first = Detected::kMore;
    for (size_t size = 0; size <= row.bytes.size(); ++size) {
      const Detected now = detect(row.bytes.substr(0, size));
      if (first != Detected::kMore) EXPECT_EQ(now, first) << row.bytes.substr(0, size);
      first = now;
    }
  }
}

TEST(Detect, AnswersWithinItsBound) {
  const std::string letters(kMaxDetectBytes, 'a');
  EXPECT_EQ(detect(letters), Detected::kOpaque);
  EXPECT_EQ(detect(("FOO " + letters).substr(0, kMaxDetectBytes)), Detected::kOpaque);
  EXPECT_EQ(detect(("FOO /" + letters).substr(0, kMaxDetectBytes)), Detected::kHttp1);
  EXPECT_EQ(detect(("FOO " + letters).substr(0, kMaxDetectBytes - 1)), Detected::kMore);
}

}  // namespace
}  // namespace ripstop::protocol
