// Finds where HTTP/1 responses end, and nothing more: status and Content-Length. Not a parser; what it cannot follow
// (chunks, a missing length) it refuses, since the bench's upstream sends neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ripstop::load {

struct ResponseOutline {
  int status = 0;
  uint64_t content_length = 0;
  bool closes = false;  // the connection ends after it
};

// Length of the head at the start of `bytes`, its empty line included; 0 while that is not there.
[[nodiscard]] size_t head_length(std::string_view bytes);

// `head` up to and including its empty line.
[[nodiscard]] std::optional<ResponseOutline> outline(std::string_view head);

// Follows one response after the other through whatever pieces the connection gives.
class ResponseScanner {
 public:
  enum class State : uint8_t { kHead, kContent, kDone, kBroken };

  // Consumes from the front of `bytes` up to the end of the current response at most. After kDone the next call begins
  // the next response.
  State scan(std::string_view& bytes);
  // Content that is still to come; the caller may take it off the socket unread and say so.
  [[nodiscard]] uint64_t content_left() const { return left_; }
  State skip(uint64_t bytes);

  [[nodiscard]] const ResponseOutline& response() const { return response_; }
  // Whether all content of the response that ended was as content.h has it; only kept up while `checks_content`.
  [[nodiscard]] bool is_content_right() const { return is_content_right_; }
  bool checks_content = true;

 private:
  bool begin(std::string_view& bytes);
  void take_content(std::string_view bytes);

  std::string partial_head_;
  ResponseOutline response_;
  uint64_t left_ = 0;
  bool is_content_right_ = true;
  State state_ = State::kHead;
};

}  // namespace ripstop::load
