#include "protocol/grpc_web/grpc_web.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace ripstop::protocol {
namespace {

using namespace std::string_literals;

std::string frame(std::string_view message, char flags = 0) {
  auto prefix = grpc_prefix(static_cast<uint32_t>(message.size()));
  prefix[0] = flags;
  return std::string(prefix.data(), prefix.size()).append(message);
}

// Nothing when any piece is refused or the text ends inside a group.
std::optional<std::string> decode(std::string_view text, size_t step) {
  GrpcWebTextDecoder decoder;
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += step) {
    if (!decoder.decode(text.substr(at, step), bytes)) return std::nullopt;
  }
  return decoder.at_boundary() ? std::optional(bytes) : std::nullopt;
}

std::string encode(std::string_view frames, size_t step) {
  GrpcWebTextEncoder encoder;
  std::string text;
  for (size_t at = 0; at < frames.size(); at += step) encoder.encode(frames.substr(at, step), text);
  encoder.finish(text);
  return text;
}

TEST(GrpcWebMedia, KnowsTheFormsOfTheContentType) {
  for (const std::string_view type : {"application/grpc-web", "application/grpc-web+proto",
                                      "Application/gRPC-Web ; charset=utf-8", "application/grpc-web+json"}) {
    const auto parsed = parse_grpc_web_type(type);
    ASSERT_TRUE(parsed) << type;
    EXPECT_FALSE(parsed->is_text) << type;
  }
  for (const std::string_view type : {"application/grpc-web-text", "application/grpc-web-text+proto"}) {
    const auto parsed = parse_grpc_web_type(type);
    ASSERT_TRUE(parsed) << type;
    EXPECT_TRUE(parsed->is_text) << type;
  }
  EXPECT_EQ(parse_grpc_web_type("application/grpc-web-text+json")->format, "+json");
  for (const std::string_view type : {"", "application/grpc", "application/grpc+proto", "application/grpc-webby",
                                      "application/grpc-web+", "application/grpc-web-texts", "text/plain"}) {
    EXPECT_FALSE(parse_grpc_web_type(type)) << type;
  }
}

TEST(GrpcWebMedia, AnswersAsTheClientAccepts) {
  EXPECT_TRUE(accepts_grpc_web_text("application/grpc-web-text"));
  EXPECT_TRUE(accepts_grpc_web_text("*/*, application/grpc-web-text+proto;q=1"));
  EXPECT_FALSE(accepts_grpc_web_text("application/grpc-web, */*"));
  EXPECT_FALSE(accepts_grpc_web_text(""));
  EXPECT_FALSE(accepts_grpc_web_text(",,,"));
  EXPECT_EQ(grpc_web_response_type("application/grpc", false), "application/grpc-web+proto");
  EXPECT_EQ(grpc_web_response_type("application/grpc+proto", true), "application/grpc-web-text+proto");
  EXPECT_EQ(grpc_web_response_type("application/grpc+json; a=b", false), "application/grpc-web+json");
  EXPECT_EQ(grpc_web_response_type("text/html", false), std::nullopt);
  EXPECT_EQ(grpc_web_response_type("application/grpcs", false), std::nullopt);
}

TEST(GrpcWebTrailers, BecomeALastFrame) {
  Fields trailers;
  ASSERT_TRUE(trailers.append("Grpc-Status", "5"));
  ASSERT_TRUE(trailers.append("grpc-message", "no such thing"));
  std::string out = "before";
  append_grpc_web_trailers(trailers, out);
  EXPECT_EQ(out, "before" + frame("grpc-status:5\r\ngrpc-message:no such thing\r\n", '\x80'));
  out.clear();
  append_grpc_web_trailers({}, out);
  EXPECT_EQ(out, frame("", '\x80'));
}

TEST(GrpcWebText, IsDecodedWhereverItIsCut) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (size_t size = 0; size < 8; ++size) {
    const std::string piece = bytes.substr(250 - size, size);
    for (size_t step = 1; step < 12; ++step) EXPECT_EQ(decode(to_base64(piece), step), piece);
  }
  for (size_t step = 1; step < 12; ++step) {
    EXPECT_EQ(decode(to_base64(bytes), step), bytes);
    EXPECT_EQ(decode("QQ==" + to_base64("bc") + to_base64("def") + "Zw==", step), "Abcdefg") << "padding in between";
  }
}

TEST(GrpcWebText, RefusesWhatIsNoBase64) {
  for (const std::string_view text :
       {"A", "AA", "AAA", "AA=", "=", "A===", "AA=A", "====", "QR==", "QUL=", "AA-_", "AAAA\n", "AA A", "QQ==="}) {
    for (size_t step = 1; step < 6; ++step) EXPECT_EQ(decode(text, step), std::nullopt) << text;
  }
}

TEST(GrpcWebText, IsPaddedWhereAMessageEnds) {
  const std::string first = frame("a");
  const std::string second = frame("longer message");
  const std::string third = frame("");
  const std::string expected = to_base64(first) + to_base64(second) + to_base64(third);
  for (size_t step = 1; step < 30; ++step) {
    EXPECT_EQ(encode(first + second + third, step), expected) << step;
    EXPECT_EQ(decode(expected, step), first + second + third);
  }
}

TEST(GrpcWebText, KeepsWhatABrokenFrameHad) {
  const std::string broken = "\0\xFF\xFF\xFF\xFF only this"s;
  for (size_t step = 1; step < 20; ++step) EXPECT_EQ(decode(encode(broken, step), 3), broken);
}

}  // namespace
}  // namespace ripstop::protocol
