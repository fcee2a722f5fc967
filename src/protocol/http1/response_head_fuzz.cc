// Any cutting of the bytes gives the verdict of the whole; what the writer writes parses to the same head.
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/response_parser.h"

namespace ripstop::protocol {
namespace {

void require_round_trip(const ResponseHead& head, const ResponseContext& context) {
  Limits generous;
  generous.max_head = size_t{1} << 20;
  generous.max_fields = 200;
  std::string once;
  append_encoded(head, ConnectionSignal::kNone, once);
  ResponseParser parser(generous);
  ResponseHead again;
  const HeadResult result = parser.parse(once, context, again);
  require(result.state == HeadResult::State::kDone && result.consumed == once.size());
  require(again.status == head.status && again.framing == head.framing && again.upgrade == head.upgrade);
  require(again.tunnel == head.tunnel && again.interim == head.interim);
  std::string twice;
  append_encoded(again, ConnectionSignal::kNone, twice);
  require(once == twice);
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  constexpr std::array kMethods = {Method::kGet, Method::kHead, Method::kConnect};
  const ResponseContext context{.request_method = kMethods[input.option % 3],
                                .request_upgrade = (input.option & 4) != 0 ? "websocket" : ""};
  Limits limits;
  limits.max_head = 2048;
  limits.max_fields = 12;

  ResponseParser whole_parser(limits);
  ResponseHead whole_head;
  const HeadResult whole = whole_parser.parse(input.text, context, whole_head);
  ResponseParser parser(limits);
  ResponseHead head;
  HeadResult cut;
  input.for_each_prefix([&](size_t end) {
    const std::string moved(input.text.substr(0, end));
    cut = parser.parse(moved, context, head);
    return cut.state == HeadResult::State::kMore;
  });
  require(cut.state == whole.state && cut.consumed == whole.consumed && cut.fault == whole.fault);
  if (whole.state == HeadResult::State::kDone) require_round_trip(whole_head, context);
  return 0;
}
