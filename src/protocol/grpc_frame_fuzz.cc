// Any cutting of a stream gives the same messages; the values of gRPC's header fields go there and back.
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/grpc_frame.h"
#include "protocol/grpc_status.h"

namespace ripstop::protocol {
namespace {

struct Outcome {
  GrpcDecoder::State state = GrpcDecoder::State::kMore;
  std::vector<std::string> messages;
  bool operator==(const Outcome&) const = default;
};

bool feed(GrpcDecoder& decoder, std::string_view piece, Outcome& outcome) {
  while (true) {
    const GrpcDecoder::Step step = decoder.next(piece);
    outcome.state = step.state;
    piece.remove_prefix(step.consumed);
    if (step.state != GrpcDecoder::State::kMessage) return step.state == GrpcDecoder::State::kMore;
    outcome.messages.emplace_back(step.message);
  }
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  GrpcDecoder whole_decoder(64);
  Outcome whole;
  feed(whole_decoder, input.text, whole);
  GrpcDecoder decoder(64);
  Outcome cut;
  size_t begin = 0;
  input.for_each_prefix([&](size_t end) {
    const std::string piece(input.text.substr(begin, end - begin));
    begin = end;
    return feed(decoder, piece, cut);
  });
  require(whole == cut);

  require(decode_grpc_message(encode_grpc_message(input.text)) == input.text);
  (void)decode_grpc_message(input.text);
  const auto timeout = parse_grpc_timeout(input.text);
  if (timeout && timeout->count() > 0) require(*parse_grpc_timeout(format_grpc_timeout(*timeout)) >= *timeout);
  (void)parse_grpc_status(input.text);
  (void)grpc_status_from_name(input.text);
  return 0;
}
