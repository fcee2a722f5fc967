// Whatever parses can be answered, the answer keeps its bounds, repeats the question and parses as a message again.
#include <array>
#include <cstdint>
#include <string>

#include "protocol/bytes/fuzz_input.h"
#include "protocol/dns/dns.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop;
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  const auto query = parse_dns_query(input.text);
  if (!query) {
    if (query.error().rcode) require(is_dns_response(build_dns_refusal(input.text, *query.error().rcode)));
    return 0;
  }
  require(!query->name.empty() && query->name.size() <= 4 * 255);
  const std::array addresses = {IpAddress::v4({10, 0, 0, 1}), IpAddress::v6({0xFD})};
  const DnsAnswer answer{.addresses = addresses,
                         .canonical_name = (input.option & 1) != 0 ? std::string_view(query->name) : "",
                         .ttl = input.option};
  const size_t limit = (input.option & 2) != 0 ? udp_answer_size(*query) : kDnsMaxMessage;
  std::string message = build_dns_answer(*query, answer, limit);
  require(message.size() <= limit && is_dns_response(message) && dns_id(message) == query->id);
  require(answers_dns_question(input.text, message));

  // As a query again, without its answers, it asks for the same.
  message[2] = static_cast<char>(message[2] & 0x01);
  message[6] = message[7] = '\0';
  message.resize(12 + query->question.size());
  message[11] = '\0';
  const auto again = parse_dns_query(message);
  require(again && again->name == query->name && again->type == query->type && again->klass == query->klass);

  std::string stream;
  require(append_dns_tcp_message(input.text, stream) == (input.text.size() <= kDnsMaxMessage));
  if (!stream.empty()) require(first_dns_tcp_message(stream) == input.text);
  return 0;
}
