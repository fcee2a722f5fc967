// Arbitrary bytes as a client's side of an HTTP/2 connection whose handler answers requests: no crash, no leak, and
// never more handlers than the limit allows.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/http2/http2_connection.h"
#include "runtime/reactor.h"

namespace {

using namespace ripstop;

constexpr size_t kMaxStreams = 4;
size_t running = 0;

runtime::Task<void> answer(net::Http2StreamPtr stream) {
  struct Leave {
    ~Leave() { --running; }
  };
  if (++running > 2 * kMaxStreams) std::abort();
  const Leave leave;
  static_cast<void>(stream->write_head({{":status", "200"}}));
  while (true) {
    const auto bytes = co_await stream->read_body(kNever);
    if (!bytes) co_return;
    if (bytes->empty()) break;
    if (!co_await stream->write_body(std::string(*bytes), kNever)) co_return;
    stream->consume((bytes->size() + 1) / 2);
  }
  static_cast<void>(stream->end({{"x-end", "1"}}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  runtime::Reactor reactor;
  net::StreamPair pair = net::make_memory_streams(1U << 16);
  net::Http2Options options;
  options.max_streams = kMaxStreams;
  options.max_fields = 20;
  options.max_field_bytes = 4000;
  auto server = net::Http2Connection::server(std::move(pair.second), answer, options);
  // The preface, and an empty SETTINGS, so that the fuzzer begins where it matters.
  static_cast<void>(pair.first->try_write(std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33)));
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  char buffer[4096];
  while (!bytes.empty()) {
    // The first byte of a piece is its size, so that frames arrive cut in every way.
    const size_t piece = std::min<size_t>(bytes.size(), static_cast<uint8_t>(bytes.front()) + size_t{1});
    const auto sent = pair.first->try_write(bytes.substr(1, piece - 1));
    if (sent.state == runtime::Transfer::State::kFailed) break;
    bytes.remove_prefix(piece);
    for (int i = 0; i < 4; ++i) reactor.run_once(Duration::zero());
    while (pair.first->try_read(buffer).state == runtime::Transfer::State::kDone) {
    }
  }
  pair.first = nullptr;
  for (int i = 0; i < 6; ++i) reactor.run_once(Duration::zero());
  if (!server->closed().is_set()) std::abort();
  return 0;
}
