// Arbitrary bytes as a server's side of an HTTP/2 connection on which a client has asked: no crash, no leak, never more
// of a body than its window nor more fields than the budget, and every request comes to an end with the connection.
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/http2/http2_connection.h"
#include "protocol/bytes/fuzz_input.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace {

using namespace ripstop;
using protocol::require;

constexpr uint32_t kWindow = 1000;
constexpr size_t kMostFields = 20;
constexpr size_t kRequests = 3;

net::Http2Options options() {
  net::Http2Options options;
  options.stream_window = kWindow;
  options.max_fields = kMostFields;
  options.max_field_bytes = 4000;
  return options;
}

runtime::Task<void> read_answer(net::Http2Stream& stream, bool is_slow) {
  size_t interim = 0;
  do {
    if (!co_await stream.read_head(kNever)) co_return;
    require(stream.head().count() <= kMostFields);
    require(stream.status() >= 0 && stream.status() <= 999);
    if (stream.is_interim()) ++interim;
  } while (stream.is_interim());
  require(interim <= options().max_interim_heads);
  while (true) {
    const auto bytes = co_await stream.read_body(kNever);
    if (!bytes) co_return;
    require(bytes->size() <= kWindow);
    if (bytes->empty()) break;
    stream.consume(is_slow ? (bytes->size() + 1) / 2 : bytes->size());
  }
  require(stream.trailers().count() <= kMostFields);
}

runtime::Task<void> ask(net::Http2Connection& connection, size_t index, size_t& running) {
  struct Leave {
    size_t& count;
    ~Leave() { --count; }
  };
  ++running;
  const Leave leave{running};
  const bool has_body = index == 1;
  const net::FieldBlock head{
      {":method", has_body ? "POST" : "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  auto stream = connection.open(head, !has_body);
  if (!stream) co_return;
  if (has_body) {
    static_cast<void>((*stream)->try_write_body("some content"));
    static_cast<void>((*stream)->end({{"x-end", "1"}}));
  }
  co_await read_answer(**stream, has_body);
}

}  // namespace

// The first byte says whether the server begins with an empty SETTINGS, so that the fuzzer need not find that out.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const protocol::FuzzInput input(data, size);
  runtime::Reactor reactor;
  net::StreamPair pair = net::make_memory_streams(1U << 16);
  auto client = net::Http2Connection::client(std::move(pair.second), options());
  size_t running = 0;
  runtime::Scope scope;
  for (size_t i = 0; i < kRequests; ++i) scope.spawn(ask(*client, i, running));
  if ((input.option & 1) == 0) {
    static_cast<void>(pair.first->try_write(std::string_view("\0\0\0\4\0\0\0\0\0", 9)));
  }
  size_t begin = 0;
  char buffer[4096];
  input.for_each_prefix([&](size_t end) {
    const auto sent = pair.first->try_write(input.text.substr(begin, end - begin));
    begin = end;
    for (int i = 0; i < 4; ++i) reactor.run_once(Duration::zero());
    while (pair.first->try_read(buffer).state == runtime::Transfer::State::kDone) {
    }
    return sent.state != runtime::Transfer::State::kFailed;
  });
  pair.first = nullptr;
  for (int i = 0; i < 6; ++i) reactor.run_once(Duration::zero());
  require(client->closed().is_set());
  require(running == 0);
  return 0;
}
