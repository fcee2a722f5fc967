#include "protocol/http1/request_parser.h"

#include "protocol/bytes/byte_class.h"
#include "protocol/http1/framing.h"
#include "protocol/http1/target.h"

namespace ripstop::protocol {
namespace {

constexpr size_t kMaxMethod = 32;
// Two spaces, the version, and CR LF.
constexpr size_t kRequestLineOverhead = 2 + 8 + 2;

}  // namespace

void RequestParser::reset() {
  lines_.reset();
  started_ = false;
}

HeadResult RequestParser::parse(std::string_view buffer, RequestHead& head) {
  if (!started_) head.clear();
  started_ = true;
  const Limits& limits = rules_->limits;
  const HeadLines::Budget budget{.max_head = limits.max_head,
                                 .max_fields = limits.max_fields,
                                 .max_start_line = kMaxMethod + limits.max_target + kRequestLineOverhead,
                                 .start_line_fault = Fault::kTargetTooLong,
                                 .skip_empty_line = true};
  HeadResult result = lines_.read(buffer, budget, head.fields, [&](size_t begin, size_t size) {
    method_at_ = begin;
    return request_line(buffer.substr(begin, size), head);
  });
  if (result.state != HeadResult::State::kDone) return result;
  const Fault fault = finish(buffer, head);
  if (fault != Fault::kNone) return {.state = HeadResult::State::kFault, .fault = fault};
  return result;
}

Fault RequestParser::request_line(std::string_view line, RequestHead& head) {
  method_size_ = line.find(' ');
  if (method_size_ == std::string_view::npos || method_size_ == 0) return Fault::kRequestLineSyntax;
  if (!is_token(line.substr(0, method_size_))) return Fault::kMethodSyntax;
  if (method_size_ > kMaxMethod) return Fault::kMethodTooLong;
  const std::string_view rest = line.substr(method_size_ + 1);
  target_size_ = rest.find(' ');
  if (target_size_ == std::string_view::npos || target_size_ == 0) return Fault::kRequestLineSyntax;
  const std::string_view version = rest.substr(target_size_ + 1);
  if (version.find_first_of(" \t") != std::string_view::npos) return Fault::kRequestLineSyntax;
  if (target_size_ > rules_->limits.max_target) return Fault::kTargetTooLong;
  return parse_version(version, head.version);
}

Fault RequestParser::finish(std::string_view buffer, RequestHead& head) const {
  head.fields.rebase(buffer.data());
  head.method = buffer.substr(method_at_, method_size_);
  head.target = buffer.substr(method_at_ + method_size_ + 1, target_size_);
  head.method_kind = identify_method(head.method);
  const Fault fault = settle_request(head);
  return fault == Fault::kNone ? settle_target(head, rules_->path) : fault;
}

}  // namespace ripstop::protocol
