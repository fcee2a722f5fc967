// Strict, incremental parser of HTTP/1 request heads (RFC 9112).
//
// The caller keeps the head in one contiguous buffer and calls parse() with all of it each time more has arrived; the
// parser remembers how far it has looked, so feeding byte by byte is linear, and every way of cutting the same bytes
// gives the same verdict.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/head.h"
#include "protocol/http1/head_lines.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

class RequestParser {
 public:
  // `rules` must outlive the parser.
  explicit RequestParser(const RequestRules& rules) : rules_(&rules) {}

  // `buffer` begins with the first byte of the request (it may have moved since the last call). The head is cleared at
  // the beginning of a request and refers to `buffer` once done; status and sentence of a fault are in fault.h.
  // Call reset() after kDone or kFault, before the next request.
  [[nodiscard]] HeadResult parse(std::string_view buffer, RequestHead& head);
  void reset();

 private:
  Fault request_line(std::string_view line, RequestHead& head);
  Fault finish(std::string_view buffer, RequestHead& head) const;

  const RequestRules* rules_;
  HeadLines lines_;
  bool started_ = false;
  size_t method_at_ = 0;
  size_t method_size_ = 0;
  size_t target_size_ = 0;
};

}  // namespace ripstop::protocol
