// Cost of reading a head, judging it, and writing the one that goes on.
#include <benchmark/benchmark.h>

#include <string>

#include "protocol/bytes/byte_class.h"
#include "protocol/http1/body.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http1/response_parser.h"

namespace ripstop::protocol {
namespace {

constexpr std::string_view kSmallRequest =
    "GET /productpage?u=normal HTTP/1.1\r\nHost: productpage:9080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

constexpr std::string_view kBrowserRequest =
    "GET /static/app/main.4f2c9d1e.js HTTP/1.1\r\nHost: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\nReferer: https://shop.example.com/catalogue/chairs?page=3\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; basket=3-chair-oak\r\n"
    "Sec-Fetch-Dest: script\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\n"
    "If-None-Match: \"4f2c9d1e-1a2b\"\r\nCache-Control: max-age=0\r\n\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: 1024\r\nConnection: keep-alive\r\nETag: \"65920080-400\"\r\nAccept-Ranges: bytes\r\n\r\n";

void parse_request(benchmark::State& state, std::string_view bytes) {
  const RequestRules rules;
  RequestParser parser(rules);
  RequestHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes, head));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes.size()));
}
BENCHMARK_CAPTURE(parse_request, small, kSmallRequest);
BENCHMARK_CAPTURE(parse_request, browser, kBrowserRequest);

// What a sidecar does per request: read, add two fields, replace one, write.
void forward_request(benchmark::State& state, std::string_view bytes) {
  const RequestRules rules;
  RequestParser parser(rules);
  RequestHead head;
  std::string out(size_t{64} * 1024, '\0');
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes, head));
    benchmark::DoNotOptimize(head.fields.append("x-request-id", "2f1c7a54-5a0e-4a8e-9f53-0d1f1c1f0a77"));
    benchmark::DoNotOptimize(head.fields.append("x-forwarded-proto", "http"));
    benchmark::DoNotOptimize(head.fields.set("user-agent", "ripstop"));
    benchmark::DoNotOptimize(encode(head, ConnectionSignal::kNone, out));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes.size()));
}
BENCHMARK_CAPTURE(forward_request, small, kSmallRequest);
BENCHMARK_CAPTURE(forward_request, browser, kBrowserRequest);

void forward_response(benchmark::State& state) {
  const Limits limits;
  ResponseParser parser(limits);
  ResponseHead head;
  std::string out(size_t{64} * 1024, '\0');
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(kResponse, {}, head));
    benchmark::DoNotOptimize(encode(head, ConnectionSignal::kNone, out));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(kResponse.size()));
}
BENCHMARK(forward_response);

void decode_chunks(benchmark::State& state) {
  std::string body;
  for (int i = 0; i < 16; ++i) {
    body.append(ChunkPrefix(4096).text()).append(4096, 'x').append(kChunkEnd);
  }
  body.append(kLastChunk).append(kChunkEnd);
  const Limits limits;
  ChunkedDecoder decoder(limits);
  for (auto _ : state) {
    decoder.reset();
    std::string_view rest = body;
    while (true) {
      const BodyStep step = decoder.next(rest);
      rest.remove_prefix(step.consumed);
      if (step.state != BodyStep::State::kData) break;
    }
    benchmark::DoNotOptimize(rest);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(body.size()));
}
BENCHMARK(decode_chunks);

void scan_line(benchmark::State& state) {
  const ByteScanner scanner = byte_scanners()[static_cast<size_t>(state.range(0))];
  state.SetLabel(std::string(scanner.name));
  if (!scanner.supported) {
    state.SkipWithError("the processor lacks it");
    return;
  }
  const std::string value(120, 'v');
  const std::string name = "sec-ch-ua-full-version-list";
  for (auto _ : state) {
    benchmark::DoNotOptimize(scanner.find_control(value.data(), value.size()));
    benchmark::DoNotOptimize(scanner.find_outside(kTokenBytes, name.data(), name.size()));
  }
}
BENCHMARK(scan_line)->DenseRange(0, 2);

}  // namespace
}  // namespace ripstop::protocol
