// The first bytes of a connection, as detection, TLS sniffing and the PROXY protocol see them: growing input never
// changes an answer once given, and each stays within its bound.
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/first_bytes/client_hello.h"
#include "protocol/first_bytes/detect.h"
#include "protocol/first_bytes/proxy_protocol.h"

namespace ripstop::protocol {
namespace {

void check_detection(const FuzzInput& input) {
  Detected first = Detected::kMore;
  input.for_each_prefix([&](size_t end) {
    const std::string bytes(input.text.substr(0, end));
    const Detected now = detect(bytes);
    require(first == Detected::kMore || first == now);
    first = now;
    return true;
  });
  require(first == Detected::kMore || first == detect(input.text));
  if (input.text.size() >= kMaxDetectBytes) require(detect(input.text) != Detected::kMore);
}

void check_client_hello(const FuzzInput& input) {
  ClientHelloParser whole_parser;
  ClientHello whole_hello;
  const auto whole = whole_parser.parse(input.text, whole_hello);
  ClientHelloParser parser;
  ClientHello hello;
  auto cut = ClientHelloParser::State::kMore;
  input.for_each_prefix([&](size_t end) {
    const std::string bytes(input.text.substr(0, end));
    cut = parser.parse(bytes, hello);
    return cut == ClientHelloParser::State::kMore;
  });
  require(cut == whole && hello.server_name == whole_hello.server_name && hello.alpn == whole_hello.alpn &&
          hello.versions == whole_hello.versions);
  // A record may be announced up to the bound; beyond that nothing is waited for.
  if (input.text.size() > ClientHelloParser::kMaxBytes) require(whole != ClientHelloParser::State::kMore);
}

void check_proxy_header(const FuzzInput& input) {
  ProxyHeader header;
  const ProxyHeaderResult whole = parse_proxy_header(input.text, header);
  require(whole.consumed <= input.text.size());
  if (input.text.size() >= kMaxProxyHeader) require(whole.state != ProxyHeaderResult::State::kMore);
  ProxyHeaderResult cut;
  input.for_each_prefix([&](size_t end) {
    ProxyHeader part;
    cut = parse_proxy_header(std::string(input.text.substr(0, end)), part);
    return cut.state == ProxyHeaderResult::State::kMore;
  });
  require(cut.state == whole.state && cut.consumed == whole.consumed);
  if (whole.state != ProxyHeaderResult::State::kDone || !header.source) return;
  const std::string again = header.version == 1 ? write_proxy_v1(*header.source, *header.destination)
                                                : write_proxy_v2(*header.source, *header.destination);
  ProxyHeader reread;
  require(parse_proxy_header(again, reread).state == ProxyHeaderResult::State::kDone);
  require(reread.source == header.source && reread.destination == header.destination);
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  check_detection(input);
  check_client_hello(input);
  check_proxy_header(input);
  return 0;
}
