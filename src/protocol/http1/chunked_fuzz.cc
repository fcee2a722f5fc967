// Any cutting of a chunked body gives the content, the trailers and the verdict of the whole, and encoding the content
// again decodes to the same.
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/http1/body.h"

namespace ripstop::protocol {
namespace {

struct Outcome {
  BodyStep::State state = BodyStep::State::kMore;
  Fault fault = Fault::kNone;
  size_t consumed = 0;
  std::string content;
  size_t trailers = 0;
  bool operator==(const Outcome&) const = default;
};

// Feeds one piece; false once the body is over.
bool feed(ChunkedDecoder& decoder, std::string_view piece, Outcome& outcome) {
  while (true) {
    const BodyStep step = decoder.next(piece);
    outcome.state = step.state;
    outcome.fault = step.fault;
    outcome.consumed += step.consumed;
    outcome.content += step.data;
    piece.remove_prefix(step.consumed);
    if (step.state == BodyStep::State::kData) continue;
    require(step.state != BodyStep::State::kMore || piece.empty());
    outcome.trailers = decoder.trailers().size();
    return step.state == BodyStep::State::kMore;
  }
}

void require_round_trip(const Limits& limits, const std::string& content) {
  std::string encoded;
  if (!content.empty()) encoded.append(ChunkPrefix(content.size()).text()).append(content).append(kChunkEnd);
  encoded.append(kLastChunk).append(kChunkEnd);
  ChunkedDecoder decoder(limits);
  Outcome outcome;
  require(!feed(decoder, encoded, outcome));
  require(outcome.state == BodyStep::State::kDone && outcome.content == content && outcome.consumed == encoded.size());
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  Limits limits;
  limits.max_chunk_line = 48;
  limits.max_chunk_overhead = 256;
  limits.max_trailers = 128;
  limits.max_trailer_fields = 4;

  ChunkedDecoder whole_decoder(limits);
  Outcome whole;
  feed(whole_decoder, input.text, whole);
  ChunkedDecoder decoder(limits);
  Outcome cut;
  size_t begin = 0;
  input.for_each_prefix([&](size_t end) {
    const std::string moved(input.text.substr(begin, end - begin));
    begin = end;
    return feed(decoder, moved, cut);
  });
  require(cut.state == whole.state && cut.fault == whole.fault && cut.content == whole.content);
  if (whole.state != BodyStep::State::kFault) require(cut.consumed == whole.consumed);
  if (whole.state != BodyStep::State::kDone) return 0;
  require(cut.trailers == whole.trailers);
  require_round_trip(limits, whole.content);
  return 0;
}
