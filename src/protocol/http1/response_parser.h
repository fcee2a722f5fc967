// Strict, incremental parser of HTTP/1 response heads (RFC 9112); fed like RequestParser. A fault means that the server
// cannot be trusted to end this message where we think it ends: answer 502 and close the connection.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/head.h"
#include "protocol/http1/head_lines.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

class ResponseParser {
 public:
  // `limits` must outlive the parser.
  explicit ResponseParser(const Limits& limits) : limits_(&limits) {}

  // `context` is that of the request which this response answers. After an interim head, reset() and parse the next.
  [[nodiscard]] HeadResult parse(std::string_view buffer, const ResponseContext& context, ResponseHead& head);
  void reset();

 private:
  Fault status_line(std::string_view line, ResponseHead& head);

  const Limits* limits_;
  HeadLines lines_;
  bool started_ = false;
  size_t reason_size_ = 0;
};

}  // namespace ripstop::protocol
