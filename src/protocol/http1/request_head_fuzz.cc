// Any cutting of the bytes gives the verdict of the whole; what the writer writes parses to the same head.
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/request_parser.h"

namespace ripstop::protocol {
namespace {

bool same_fields(const Fields& left, const Fields& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const Field& a, const Field& b) {
    return a.name == b.name && a.value == b.value && a.id == b.id;
  });
}

// Host moves to the front when it was not canonical, so fields are compared only on the second round.
void require_round_trip(const RequestHead& head) {
  RequestRules generous;
  generous.limits.max_head = size_t{1} << 20;
  generous.limits.max_target = size_t{1} << 18;
  generous.limits.max_fields = 200;
  std::string once;
  append_encoded(head, ConnectionSignal::kNone, once);
  RequestParser parser(generous);
  RequestHead again;
  const HeadResult result = parser.parse(once, again);
  require(result.state == HeadResult::State::kDone && result.consumed == once.size());
  require(again.method == head.method && again.authority == head.authority && again.path == head.path);
  require(again.query == head.query && again.framing == head.framing && again.upgrade == head.upgrade);
  require(again.accepts_trailers == (head.accepts_trailers && head.upgrade.empty()));
  std::string twice;
  append_encoded(again, ConnectionSignal::kNone, twice);
  parser.reset();
  RequestHead third;
  require(parser.parse(twice, third).state == HeadResult::State::kDone && same_fields(again.fields, third.fields));
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  RequestRules rules;
  rules.limits.max_head = 2048;
  rules.limits.max_target = 256;
  rules.limits.max_fields = 12;
  rules.path.merge_slashes = (input.option & 1) != 0;
  rules.path.escaped_slashes = static_cast<PathRules::EscapedSlashes>(input.option / 2 % 3);

  RequestParser whole_parser(rules);
  RequestHead whole_head;
  const HeadResult whole = whole_parser.parse(input.text, whole_head);
  RequestParser parser(rules);
  RequestHead head;
  HeadResult cut;
  input.for_each_prefix([&](size_t end) {
    const std::string moved(input.text.substr(0, end));
    cut = parser.parse(moved, head);
    if (cut.state == HeadResult::State::kDone) require_round_trip(head);
    return cut.state == HeadResult::State::kMore;
  });
  require(cut.state == whole.state && cut.consumed == whole.consumed && cut.fault == whole.fault);
  if (whole.state == HeadResult::State::kDone) require_round_trip(whole_head);
  return 0;
}
