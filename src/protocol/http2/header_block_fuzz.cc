// Any fields in a header block: what is read and written again reads the same, and is never more than one message for
// HTTP/1. A line of the input is a field, its name before the first tab.
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http2/header_block.h"

namespace ripstop::protocol {
namespace {

FieldBlock block_of(std::string_view text) {
  FieldBlock block;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t tab = std::min(line.find('\t'), line.size());
    block.add(line.substr(0, tab), line.substr(std::min(tab + 1, line.size())));
  }
  return block;
}

bool is_alike(BodyFraming one, BodyFraming other) {
  return one == other || (one.is_empty() && other.is_empty());
}

void require_same(const RequestHead& one, const RequestHead& other) {
  require(one.method == other.method && one.authority == other.authority && one.path == other.path);
  require(one.query == other.query && is_alike(one.framing, other.framing) && one.upgrade == other.upgrade);
  // A length that was not written canonically is written anew, and a tunnel needs no WebSocket's key.
  const auto count = [](const Fields& fields) {
    return std::ranges::count_if(fields.begin(), fields.end(), [](const Field& field) {
      return field.id != FieldId::kContentLength && field.id != FieldId::kSecWebSocketKey;
    });
  };
  require(count(one.fields) == count(other.fields));
}

void require_one_http1_request(const RequestHead& head) {
  RequestRules generous;
  generous.limits.max_head = size_t{1} << 20;
  generous.limits.max_fields = 200;
  std::string text;
  append_encoded(head, ConnectionSignal::kNone, text);
  RequestParser parser(generous);
  RequestHead again;
  const HeadResult result = parser.parse(text, again);
  require(result.state == HeadResult::State::kDone && result.consumed == text.size());
  require(again.method == head.method && again.path == head.path && again.framing == head.framing);
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  const FieldBlock block = block_of(input.text);
  const bool has_ended = (input.option & 1) != 0;
  const RequestRules rules;
  RequestHead head;
  if (read_request(block, has_ended, rules, head) == Fault::kNone) {
    FieldBlock written;
    write_request(head, "http", written);
    RequestHead again;
    const bool is_tunnel = head.method_kind == Method::kConnect || !head.upgrade.empty();
    require(read_request(written, head.framing.is_empty() && !is_tunnel, rules, again) == Fault::kNone);
    require_same(head, again);
    require_one_http1_request(head);
  }
  constexpr std::array kMethods = {Method::kGet, Method::kHead, Method::kConnect};
  const ResponseContext context{.request_method = kMethods[input.option / 2 % 3],
                                .request_upgrade = (input.option & 8) != 0 ? "websocket" : ""};
  ResponseHead response;
  if (read_response(block, has_ended, context, response) == Fault::kNone) {
    FieldBlock written;
    write_response(response, written);
    ResponseHead again;
    const bool is_last = response.framing.is_empty() && !response.tunnel && !response.interim;
    require(read_response(written, is_last, context, again) == Fault::kNone);
    require(again.status == response.status && is_alike(again.framing, response.framing));
    require(again.tunnel == response.tunnel && again.interim == response.interim);
  }
  Fields trailers;
  if (read_trailers(block, rules.limits, trailers) == Fault::kNone) {
    FieldBlock written;
    write_trailers(trailers, written);
    require(written.count() == trailers.size());
  }
  return 0;
}
