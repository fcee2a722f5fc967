#include "load/http1_scan.h"

#include <gtest/gtest.h>

#include "load/content.h"

namespace ripstop::load {
namespace {

std::string response(size_t size, const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\nserver: x\r\n" + fields + "Content-length:  " + std::to_string(size) + "\r\n\r\n" +
         content(size);
}

TEST(ResponseScanner, FindsResponsesBackToBack) {
  const std::string both = response(5) + response(0);
  std::string_view bytes = both;
  ResponseScanner scanner;
  EXPECT_EQ(scanner.scan(bytes), ResponseScanner::State::kDone);
  EXPECT_EQ(scanner.response().content_length, 5U);
  EXPECT_TRUE(scanner.is_content_right());
  EXPECT_EQ(scanner.scan(bytes), ResponseScanner::State::kDone);
  EXPECT_TRUE(bytes.empty());
}

TEST(ResponseScanner, TakesAByteAtATime) {
  const std::string text = response(300, "Connection: Close\r\n");
  ResponseScanner scanner;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string_view byte(&text[i], 1);
    const auto state = scanner.scan(byte);
    ASSERT_EQ(state == ResponseScanner::State::kDone, i + 1 == text.size()) << i;
    ASSERT_TRUE(byte.empty());
  }
  EXPECT_TRUE(scanner.response().closes);
  EXPECT_TRUE(scanner.is_content_right());
}

TEST(ResponseScanner, SeesAByteThatIsNotTheOneSent) {
  std::string text = response(1000);
  text[text.size() - 500] ^= 1;
  std::string_view bytes = text;
  ResponseScanner scanner;
  EXPECT_EQ(scanner.scan(bytes), ResponseScanner::State::kDone);
  EXPECT_FALSE(scanner.is_content_right());
}

TEST(ResponseScanner, LetsContentBeTakenUnread) {
  const std::string text = response(1000).substr(0, 200);
  std::string_view bytes = text;
  ResponseScanner scanner;
  ASSERT_EQ(scanner.scan(bytes), ResponseScanner::State::kContent);
  const uint64_t left = scanner.content_left();
  EXPECT_EQ(scanner.skip(left - 1), ResponseScanner::State::kContent);
  EXPECT_EQ(scanner.skip(1), ResponseScanner::State::kDone);
}

TEST(ResponseScanner, RefusesWhatItCannotFollow) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "SSH-2.0-Server\r\n\r\n", "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n"}) {
    std::string_view bytes = text;
    ResponseScanner scanner;
    EXPECT_EQ(scanner.scan(bytes), ResponseScanner::State::kBroken) << text;
  }
  const std::string endless(70'000, 'a');
  std::string_view bytes = endless;
  ResponseScanner scanner;
  EXPECT_EQ(scanner.scan(bytes), ResponseScanner::State::kBroken);
}

}  // namespace
}  // namespace ripstop::load
