#include "load/http1_scan.h"

#include <algorithm>

#include "base/text.h"
#include "load/content.h"

namespace ripstop::load {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr size_t kMaxHead = 64 * 1024;
constexpr size_t kStatusAt = 9;  // behind "HTTP/1.1 "

}  // namespace

size_t head_length(std::string_view bytes) {
  const size_t end = bytes.find(kEndOfHead);
  return end == std::string_view::npos ? 0 : end + kEndOfHead.size();
}

std::optional<ResponseOutline> outline(std::string_view head) {
  ResponseOutline found;
  if (!head.starts_with("HTTP/1.") || head.size() < kStatusAt + 3) return std::nullopt;
  const auto status = parse_number<int>(head.substr(kStatusAt, 3));
  if (!status) return std::nullopt;
  found.status = *status;
  bool has_length = found.status == 204 || found.status == 304;
  size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    at = end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    if (name.size() == 14 && equals_ignore_case(name, "content-length")) {
      const auto length = parse_number<uint64_t>(trim(line.substr(colon + 1)));
      if (!length) return std::nullopt;
      found.content_length = *length;
      has_length = true;
    } else if (name.size() == 10 && equals_ignore_case(name, "connection")) {
      found.closes = equals_ignore_case(trim(line.substr(colon + 1)), "close");
    }
  }
  if (!has_length) return std::nullopt;
  return found;
}

bool ResponseScanner::begin(std::string_view& bytes) {
  std::string_view head = bytes;
  const size_t before = partial_head_.size();
  if (before > 0) head = partial_head_.append(bytes);
  const size_t length = head_length(head);
  if (length == 0) {
    if (before == 0) partial_head_.assign(bytes);
    bytes = {};
    if (partial_head_.size() > kMaxHead) state_ = State::kBroken;
    return false;
  }
  const auto found = outline(head.substr(0, length));
  bytes.remove_prefix(length - before);
  partial_head_.clear();
  if (!found) {
    state_ = State::kBroken;
    return false;
  }
  response_ = *found;
  left_ = found->content_length;
  is_content_right_ = true;
  state_ = State::kContent;
  return true;
}

void ResponseScanner::take_content(std::string_view bytes) {
  if (checks_content) {
    is_content_right_ = is_content_right_ && is_content(bytes, response_.content_length - left_);
  }
  left_ -= bytes.size();
}

ResponseScanner::State ResponseScanner::scan(std::string_view& bytes) {
  if (state_ == State::kDone) state_ = State::kHead;
  if (state_ == State::kHead && !begin(bytes)) return state_;
  if (state_ == State::kBroken) return state_;
  const size_t here = std::min<uint64_t>(left_, bytes.size());
  take_content(bytes.substr(0, here));
  bytes.remove_prefix(here);
  if (left_ == 0) state_ = State::kDone;
  return state_;
}

ResponseScanner::State ResponseScanner::skip(uint64_t bytes) {
  left_ -= std::min(bytes, left_);
  if (left_ == 0) state_ = State::kDone;
  return state_;
}

}  // namespace ripstop::load
