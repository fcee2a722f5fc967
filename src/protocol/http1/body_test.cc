#include "protocol/http1/body.h"

#include <gtest/gtest.h>

namespace ripstop::protocol {
namespace {

TEST(Body, AChunkIsAViewOfTheBytesFed) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  const std::string_view bytes = "5\r\nhello\r\n0\r\n\r\nnext";
  const BodyStep data = decoder.next(bytes);
  ASSERT_EQ(data.state, BodyStep::State::kData);
  EXPECT_EQ(data.data.data(), bytes.data() + 3);
  EXPECT_EQ(data.data, "hello");
  const BodyStep done = decoder.next(bytes.substr(data.consumed));
  EXPECT_EQ(done.state, BodyStep::State::kDone);
  EXPECT_EQ(bytes.substr(data.consumed + done.consumed), "next");
}

TEST(Body, TrailersStayReadableAfterTheBytesAreGone) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  {
    const std::string bytes = "0\r\nx-sum: 12345678901234567890\r\n\r\n";
    ASSERT_EQ(decoder.next(bytes).state, BodyStep::State::kDone);
  }
  EXPECT_EQ(decoder.trailers().find("x-sum"), "12345678901234567890");
  decoder.reset();
  EXPECT_EQ(decoder.trailers().size(), 0U);
}

TEST(Body, ManySmallChunksWithoutExtensionsAreFine) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  for (int i = 0; i < 100'000; ++i) {
    const BodyStep step = decoder.next("1\r\nx");
    ASSERT_EQ(step.state, BodyStep::State::kData) << token(step.fault);
    ASSERT_EQ(decoder.next("\r\n").state, BodyStep::State::kMore);
  }
}

TEST(Body, LengthEndsWhereItSays) {
  const Limits limits;
  BodyDecoder body(limits);
  body.reset(BodyFraming::of_length(5));
  EXPECT_FALSE(body.is_done());
  EXPECT_EQ(body.next("hel").data, "hel");
  EXPECT_FALSE(body.end_of_stream());
  const BodyStep last = body.next("lo, next");
  EXPECT_EQ(last.data, "lo");
  EXPECT_EQ(last.consumed, 2U);
  EXPECT_TRUE(body.is_done());
  EXPECT_EQ(body.next("next").consumed, 0U);
}

TEST(Body, OnlyContentUntilCloseEndsWithTheConnection) {
  const Limits limits;
  BodyDecoder body(limits);
  body.reset(BodyFraming::until_close());
  EXPECT_EQ(body.next("anything").consumed, 8U);
  EXPECT_TRUE(body.end_of_stream());
  body.reset(BodyFraming::chunked());
  EXPECT_EQ(body.next("5\r\nhel").data, "hel");
  EXPECT_FALSE(body.end_of_stream());
}

TEST(Body, PrefixesAreHexadecimalWithoutPadding) {
  EXPECT_EQ(ChunkPrefix(1).text(), "1\r\n");
  EXPECT_EQ(ChunkPrefix(0xABC0).text(), "abc0\r\n");
  EXPECT_EQ(ChunkPrefix(UINT64_MAX).text(), "ffffffffffffffff\r\n");
  EXPECT_EQ(ChunkPrefix(0).text(), "");
}

}  // namespace
}  // namespace ripstop::protocol
