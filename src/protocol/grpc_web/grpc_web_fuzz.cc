// Cutting changes nothing, what is encoded decodes to itself, and output stays in proportion to input.
#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
#include "protocol/bytes/fuzz_input.h"
#include "protocol/grpc_web/grpc_web.h"

namespace ripstop::protocol {
namespace {

std::optional<std::string> decode_whole(std::string_view text) {
  GrpcWebTextDecoder decoder;
  std::string bytes;
  const bool is_good = decoder.decode(text, bytes);
  require(bytes.size() <= text.size() / 4 * 3 + 2);
  return is_good && decoder.at_boundary() ? std::optional(bytes) : std::nullopt;
}

std::optional<std::string> decode_in_pieces(const FuzzInput& input) {
  GrpcWebTextDecoder decoder;
  std::string bytes;
  size_t begin = 0;
  bool is_good = true;
  input.for_each_prefix([&](size_t end) {
    is_good = decoder.decode(input.text.substr(begin, end - begin), bytes);
    begin = end;
    return is_good;
  });
  return is_good && decoder.at_boundary() ? std::optional(bytes) : std::nullopt;
}

std::string encode_in_pieces(const FuzzInput& input) {
  GrpcWebTextEncoder encoder;
  std::string text;
  size_t begin = 0;
  input.for_each_prefix([&](size_t end) {
    encoder.encode(input.text.substr(begin, end - begin), text);
    begin = end;
    return true;
  });
  encoder.finish(text);
  return text;
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  const auto whole = decode_whole(input.text);
  require(whole == decode_in_pieces(input));
  const auto strict = ripstop::from_base64(input.text);
  // Bits that padding cuts off, which only the decoder here minds, make a text that nobody encodes.
  if (strict && ripstop::to_base64(*strict) == input.text) require(whole == strict);

  GrpcWebTextEncoder encoder;
  std::string text;
  encoder.encode(input.text, text);
  encoder.finish(text);
  require(text == encode_in_pieces(input));
  require(decode_whole(text) == std::string(input.text));
  require(text.size() <= (input.text.size() / 3 + 1 + input.text.size() / kGrpcPrefixSize) * 4);

  const auto type = parse_grpc_web_type(input.text);
  if (type) require(type->format.size() < input.text.size());
  (void)accepts_grpc_web_text(input.text);
  (void)grpc_web_response_type(input.text, (input.option & 1) != 0);
  Fields trailers;
  if (trailers.append("grpc-message", input.text)) {
    std::string frame;
    append_grpc_web_trailers(trailers, frame);
    require(frame.size() > kGrpcPrefixSize);
  }
  return 0;
}
