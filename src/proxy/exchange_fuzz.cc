// A whole HTTP/1 exchange over memory streams: the input is what the client sends and, behind a line of its own, what
// the upstream sends. Whatever comes, the proxy neither crashes nor hangs nor makes one message into two.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "protocol/http1/body.h"
#include "protocol/http1/request_parser.h"
#include "proxy/http1/http1_reader.h"
#include "proxy/http1/http1_writer.h"
#include "runtime/reactor.h"

namespace {

using namespace ripstop;

constexpr std::string_view kSplit = "\n--\n";

class NobodyLooks final : public proxy::PumpObserver {
 public:
  void on_body(std::string_view) override {}
};

// One side of the conversation: everything it has to say, given to its reader by small pieces.
struct Speaker {
  net::Stream& end;
  std::string_view& bytes;

  void speak() const {
    while (!bytes.empty()) {
      const auto sent = end.try_write(bytes.substr(0, 61));
      if (sent.state != runtime::Transfer::State::kDone) return;
      bytes.remove_prefix(sent.bytes);
    }
    end.shutdown_write();
  }
};

std::string drain(net::Stream& end) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const auto got = end.try_read(buffer);
    if (got.state != runtime::Transfer::State::kDone) return all;
    all.append(buffer, got.bytes);
  }
}

template <typename Head>
struct Message {
  Head head;
};

// Carries one message from `in` to `out`; what arrives there is in `forwarded`.
template <typename Head, typename Read>
bool carry(proxy::Http1Reader& reader, const Speaker& speaker, net::StreamPair& out, std::string& forwarded,
           Message<Head>& message, Read read) {
  for (int turn = 0;; ++turn) {
    speaker.speak();
    const proxy::HeadStep step = read(message.head);
    if (step.state == proxy::HeadStep::State::kDone) break;
    if (step.state != proxy::HeadStep::State::kWouldBlock || turn > 10'000) return false;
  }
  proxy::Http1Writer writer(*out.first);
  writer.queue_head(message.head, protocol::ConnectionSignal::kNone);
  NobodyLooks nobody;
  for (int turn = 0; turn < 10'000; ++turn) {
    speaker.speak();
    const proxy::PumpStep step = proxy::try_pump(reader, writer, nobody);
    forwarded += drain(*out.second);
    if (step.state == proxy::PumpState::kDone) {
      return true;
    }
    if (step.state != proxy::PumpState::kWaitForSource && step.state != proxy::PumpState::kWaitForSink) return false;
  }
  std::abort();
}

// What goes upstream for one request is one request, for our own parser as well.
void check_is_one_request(const std::string& forwarded) {
  // The canonical path writes some bytes as three, and framing and signals are written anew.
  constexpr size_t kGrowth = 3;
  protocol::RequestRules rules;
  rules.limits.max_head *= kGrowth;
  rules.limits.max_target *= kGrowth;
  rules.limits.max_chunk_overhead = size_t{1} << 30;
  protocol::RequestParser parser(rules);
  protocol::RequestHead head;
  const auto parsed = parser.parse(forwarded, head);
  if (parsed.state != protocol::HeadResult::State::kDone) std::abort();
  protocol::BodyDecoder decoder(rules.limits);
  decoder.reset(head.framing);
  size_t at = parsed.consumed;
  while (!decoder.is_done()) {
    if (at >= forwarded.size()) std::abort();
    const auto step = decoder.next(std::string_view(forwarded).substr(at));
    if (step.state == protocol::BodyStep::State::kFault) std::abort();
    at += step.consumed;
  }
  if (at != forwarded.size()) std::abort();
}

// The answer to one request with the interim ones before it; false when nothing can follow on the connection.
bool carry_response(proxy::Http1Reader& reader, const Speaker& speaker, net::StreamPair& out,
                    const protocol::ResponseContext& context) {
  for (;;) {
    Message<protocol::ResponseHead> response;
    std::string forwarded;
    const bool is_whole = carry(reader, speaker, out, forwarded, response,
                                [&](protocol::ResponseHead& head) { return reader.try_head(head, context); });
    if (!is_whole || response.head.tunnel) return false;
    if (!response.head.interim) {
      reader.end_message();
      return true;
    }
    reader.skip_interim();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  runtime::Reactor reactor;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(input.find(kSplit), input.size());
  std::string_view from_client = input.substr(0, split);
  std::string_view from_upstream = split == input.size() ? std::string_view() : input.substr(split + kSplit.size());

  const protocol::RequestRules rules;
  net::StreamPair client = net::make_memory_streams(4096);
  net::StreamPair upstream = net::make_memory_streams(4096);
  net::StreamPair back = net::make_memory_streams(4096);
  proxy::Http1Reader requests(*client.first, rules);
  proxy::Http1Reader responses(*upstream.first, rules);
  for (int count = 0; count < 8; ++count) {
    Message<protocol::RequestHead> request;
    std::string forwarded;
    if (!carry(requests, {*client.second, from_client}, upstream, forwarded, request,
               [&](protocol::RequestHead& head) { return requests.try_head(head); })) {
      break;
    }
    if (request.head.framing.kind != protocol::BodyFraming::Kind::kUntilClose) check_is_one_request(forwarded);
    const protocol::ResponseContext context{.request_method = request.head.method_kind,
                                            .request_upgrade = request.head.upgrade};
    if (!carry_response(responses, {*upstream.second, from_upstream}, back, context)) break;
    requests.end_message();
  }
  return 0;
}
