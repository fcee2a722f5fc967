#include "protocol/http1/response_parser.h"

#include "base/text.h"
#include "protocol/bytes/byte_class.h"
#include "protocol/http1/framing.h"

namespace ripstop::protocol {
namespace {

// "HTTP/1.1 200 "
constexpr size_t kReasonAt = 13;
constexpr size_t kVersionSize = 8;

}  // namespace

void ResponseParser::reset() {
  lines_.reset();
  started_ = false;
}

HeadResult ResponseParser::parse(std::string_view buffer, const ResponseContext& context, ResponseHead& head) {
  if (!started_) head.clear();
  started_ = true;
  const HeadLines::Budget budget{.max_head = limits_->max_head,
                                 .max_fields = limits_->max_fields,
                                 .max_start_line = limits_->max_head,
                                 .start_line_fault = Fault::kHeadTooLarge,
                                 .skip_empty_line = false};
  HeadResult result = lines_.read(buffer, budget, head.fields, [&](size_t begin, size_t size) {
    return status_line(buffer.substr(begin, size), head);
  });
  if (result.state != HeadResult::State::kDone) return result;
  head.fields.rebase(buffer.data());
  head.reason = buffer.substr(kReasonAt, reason_size_);
  const Fault fault = settle_response(head, context);
  if (fault != Fault::kNone) return {.state = HeadResult::State::kFault, .fault = fault};
  return result;
}

Fault ResponseParser::status_line(std::string_view line, ResponseHead& head) {
  const Fault fault = parse_version(line.substr(0, line.find(' ')), head.version);
  if (fault != Fault::kNone) return fault;
  if (line.size() < kReasonAt || line[kReasonAt - 1] != ' ') return Fault::kStatusLineSyntax;
  const std::string_view digits = line.substr(kVersionSize + 1, 3);
  if (find_outside(kDigit, digits) != digits.size()) return Fault::kStatusLineSyntax;
  head.status = *parse_number<uint16_t>(digits);
  if (head.status < 100 || head.status > 599) return Fault::kStatusCode;
  reason_size_ = line.size() - kReasonAt;
  return Fault::kNone;
}

}  // namespace ripstop::protocol
