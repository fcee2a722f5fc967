#include "policy/route/header_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace ripstop::policy {
namespace {

constexpr std::array<std::string_view, 11> kOwnedByCodec = {
    "host", "content-length", "transfer-encoding", "connection", "keep-alive",    "proxy-connection",
    "te",   "trailer",        "upgrade",           "expect",     "http2-settings"};

bool is_token(std::string_view name) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  const auto is_token_byte = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kOther.find(c) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_token_byte);
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

Result<std::string> checked_name(std::string_view name) {
  std::string lower = to_lower(name);
  if (lower.starts_with(':') || std::ranges::find(kOwnedByCodec, lower) != kOwnedByCodec.end()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("header '{}' frames or addresses the message and cannot be edited; remove this edit, or use "
                    "a host or path rewrite",
                    name));
  }
  if (!is_token(lower)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not a header name; use letters, digits and hyphens", name));
  }
  return lower;
}

Result<std::string> checked_value(const model::HeaderValue& field) {
  if (std::ranges::any_of(field.value, is_control)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the value for header '{}' has a control character; remove it", field.name));
  }
  std::string value;
  const std::string_view text = trim(field.value);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 1 == text.size() || text[at + 1] != '%') {
        return fail(
            ErrorCode::kUnsupported,
            fmt::format("the value for header '{}' has a command operator, which is not honoured; give the text "
                        "itself, and write %% for a percent sign",
                        field.name));
      }
      ++at;
    }
    value.push_back(text[at]);
  }
  return value;
}

Status append_fields(const std::vector<model::HeaderValue>& fields, HeaderEdit::Kind kind, HeaderEditList& list) {
  for (const model::HeaderValue& field : fields) {
    Result<std::string> name = checked_name(field.name);
    if (!name) return fail_with(name);
    Result<std::string> value = checked_value(field);
    if (!value) return fail_with(value);
    list.push_back({kind, std::move(*name), std::move(*value)});
  }
  return {};
}

}  // namespace

Status append_edits(const model::HeaderEdits& edits, HeaderEditList& list) {
  for (const std::string& name : edits.remove) {
    Result<std::string> checked = checked_name(name);
    if (!checked) return fail_with(checked);
    list.push_back({HeaderEdit::Kind::kRemove, std::move(*checked), {}});
  }
  if (Status status = append_fields(edits.set, HeaderEdit::Kind::kSet, list); !status) return status;
  return append_fields(edits.add, HeaderEdit::Kind::kAdd, list);
}

}  // namespace ripstop::policy
