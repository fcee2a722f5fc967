#include "protocol/grpc_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ripstop::protocol {
namespace {

using State = GrpcDecoder::State;

std::string framed(std::string_view message, bool compressed = false) {
  const auto prefix = grpc_prefix(static_cast<uint32_t>(message.size()), compressed);
  return std::string(prefix.data(), prefix.size()).append(message);
}

std::vector<std::string> decode(std::string_view stream, size_t piece) {
  GrpcDecoder decoder(1024);
  std::vector<std::string> messages;
  for (size_t at = 0; at < stream.size(); at += piece) {
    std::string_view rest = stream.substr(at, piece);
    while (true) {
      const GrpcDecoder::Step step = decoder.next(rest);
      rest.remove_prefix(step.consumed);
      if (step.state != State::kMessage) break;
      messages.push_back(std::string(step.message) + (step.compressed ? "!" : ""));
    }
    EXPECT_TRUE(rest.empty());
  }
  EXPECT_TRUE(decoder.at_boundary());
  return messages;
}

TEST(GrpcFrame, PrefixIsFlagAndBigEndianLength) {
  const auto prefix = grpc_prefix(0x01020304, true);
  EXPECT_EQ(std::string_view(prefix.data(), prefix.size()), "\1\1\2\3\4");
}

TEST(GrpcFrame, MessagesComeOutHoweverTheyAreCut) {
  const std::string stream = framed("one") + framed("") + framed(std::string(300, 'x'), true) + framed("four");
  const std::vector<std::string> expected = {"one", "", std::string(300, 'x') + "!", "four"};
  for (size_t piece = 1; piece <= stream.size(); ++piece) EXPECT_EQ(decode(stream, piece), expected) << piece;
}

TEST(GrpcFrame, AWholeMessageIsNotCopied) {
  const std::string stream = framed("hello");
  GrpcDecoder decoder;
  EXPECT_EQ(decoder.next(stream).message.data(), stream.data() + kGrpcPrefixSize);
}

TEST(GrpcFrame, BudgetAndFlagsAreJudgedByThePrefixAlone) {
  GrpcDecoder decoder(16);
  EXPECT_EQ(decoder.next(framed(std::string(17, 'x')).substr(0, 5)).state, State::kTooLarge);
  GrpcDecoder fits(16);
  EXPECT_EQ(fits.next(framed(std::string(16, 'x'))).state, State::kMessage);
  GrpcDecoder flags;
  EXPECT_EQ(flags.next(std::string("\2\0\0\0\0", 5)).state, State::kMalformed);
}

TEST(GrpcFrame, AnUnfinishedMessageIsNoBoundary) {
  GrpcDecoder decoder;
  EXPECT_TRUE(decoder.at_boundary());
  EXPECT_EQ(decoder.next(framed("hello").substr(0, 7)).state, State::kMore);
  EXPECT_FALSE(decoder.at_boundary());
}

}  // namespace
}  // namespace ripstop::protocol
