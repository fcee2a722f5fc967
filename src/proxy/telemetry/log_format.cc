#include "proxy/telemetry/log_format.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "proxy/telemetry/log_operators.h"

namespace ripstop::proxy::telemetry {

std::string_view default_text_format() {
  return "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% "
         "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
         "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
         "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
         "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
         "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% "
         "%ROUTE_NAME%";
}

const std::vector<JsonKey>& default_json_keys() {
  static const std::vector<JsonKey> keys = {
      {"start_time", "%START_TIME%"},
      {"method", "%REQ(:METHOD)%"},
      {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
      {"protocol", "%PROTOCOL%"},
      {"response_code", "%RESPONSE_CODE%"},
      {"response_flags", "%RESPONSE_FLAGS%"},
      {"response_code_details", "%RESPONSE_CODE_DETAILS%"},
      {"connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"},
      {"upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"},
      {"bytes_received", "%BYTES_RECEIVED%"},
      {"bytes_sent", "%BYTES_SENT%"},
      {"duration", "%DURATION%"},
      {"upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"},
      {"x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"},
      {"user_agent", "%REQ(USER-AGENT)%"},
      {"request_id", "%REQ(X-REQUEST-ID)%"},
      {"authority", "%REQ(:AUTHORITY)%"},
      {"upstream_host", "%UPSTREAM_HOST%"},
      {"upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"},
      {"upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"},
      {"downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"},
      {"downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"},
      {"requested_server_name", "%REQUESTED_SERVER_NAME%"},
      {"route_name", "%ROUTE_NAME%"},
  };
  return keys;
}

namespace {

void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Of the format's own text, which is UTF-8 already.
void append_literal(std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00").append(1, kDigits[c >> 4]).append(1, kDigits[c & 15]);
    } else {
      out += c;
    }
  }
}

std::optional<char> unescape(char c) {
  constexpr std::string_view kEscapes = "\"\"\\\\//b\bf\fn\nr\rt\t";
  for (size_t i = 0; i < kEscapes.size(); i += 2) {
    if (kEscapes[i] == c) return kEscapes[i + 1];
  }
  return std::nullopt;
}

// The string that `json` begins with, unescaped, and `json` behind it.
std::optional<std::string> take_json_string(std::string_view& json) {
  std::string text;
  for (size_t at = 1; at < json.size(); ++at) {
    if (json[at] == '"') {
      json.remove_prefix(at + 1);
      return text;
    }
    if (json[at] != '\\') {
      text += json[at];
      continue;
    }
    if (++at >= json.size()) break;
    if (json[at] == 'u') {
      const auto code = parse_number<uint16_t>(json.substr(at + 1, 4), 16);
      if (!code || at + 4 >= json.size()) return std::nullopt;
      append_utf8(*code, text);
      at += 4;
      continue;
    }
    const auto plain = unescape(json[at]);
    if (!plain) return std::nullopt;
    text += *plain;
  }
  return std::nullopt;
}

std::unexpected<Error> no_operator(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, "the access log has no operator %" + std::string(text) + "%");
}

// Cuts ":N", the longest length of a value, off the end.
std::optional<size_t> take_length(std::string_view& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(')', colon) != std::string_view::npos) return std::nullopt;
  const auto length = parse_number<size_t>(text.substr(colon + 1));
  if (length) text = text.substr(0, colon);
  return length;
}

}  // namespace

Status LogFormat::compile_operator(std::string_view text, Piece& piece) {
  const std::string_view whole = text;
  piece.longest = take_length(text).value_or(std::string::npos);
  const size_t open = text.find('(');
  const LogOperator* found = find_log_operator(text.substr(0, open));
  const bool has_argument = open != std::string_view::npos && text.ends_with(')');
  if (found == nullptr || found->takes_argument != has_argument) return no_operator(whole);
  if (has_argument) piece.argument = text.substr(open + 1, text.size() - open - 2);
  if (text.starts_with("RESP(") && !equals_ignore_case(piece.argument, kResponseField)) return no_operator(whole);
  piece.operate = found->append;
  piece.is_number = found->is_number;
  return {};
}

Status LogFormat::compile_into(std::string_view format, std::vector<Piece>& pieces) {
  pieces.emplace_back();
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      pieces.back().literal += format[at++];
      continue;
    }
    if (format.substr(at).starts_with("%%")) {
      pieces.back().literal += '%';
      at += 2;
      continue;
    }
    const size_t end = format.find('%', at + 1);
    if (end == std::string_view::npos) {
      return fail(ErrorCode::kInvalidArgument, "the access log format ends inside an operator; write %% for a percent");
    }
    if (Status done = compile_operator(format.substr(at + 1, end - at - 1), pieces.back()); !done) return done;
    pieces.emplace_back();
    at = end + 1;
  }
  return {};
}

Result<LogFormat> LogFormat::compile(std::string_view format) {
  LogFormat compiled;
  if (format.ends_with('\n')) format.remove_suffix(1);
  if (Status done = compile_into(format, compiled.pieces_); !done) return fail_with(done);
  compiled.pieces_.back().literal += '\n';
  return compiled;
}

Result<LogFormat> LogFormat::compile_json(const std::vector<JsonKey>& keys) {
  LogFormat compiled;
  std::string literal = "{";
  for (const JsonKey& key : keys) {
    literal.append(literal == "{" ? "" : ",").append("\"").append(key.key).append("\":");
    if (Status done = compiled.add_json_value(key.format, literal); !done) return fail_with(done);
  }
  compiled.pieces_.push_back({.literal = literal + "}\n"});
  return compiled;
}

// A value that is one operator keeps its type; in any other the operators stand inside a string.
Status LogFormat::add_json_value(std::string_view format, std::string& literal) {
  std::vector<Piece> pieces;
  if (Status done = compile_into(format, pieces); !done) return done;
  const bool is_one = pieces.size() == 2 && pieces[0].literal.empty() && pieces[1].literal.empty();
  if (!is_one) literal += '"';
  for (Piece& piece : pieces) {
    const std::string before = std::exchange(piece.literal, {});
    append_literal(before, literal);
    if (piece.operate == nullptr) continue;
    piece.literal = std::exchange(literal, {});
    piece.place = is_one ? Place::kJsonValue : Place::kJsonText;
    pieces_.push_back(std::move(piece));
  }
  if (!is_one) literal += '"';
  return {};
}

Result<LogFormat> LogFormat::compile_json_object(std::string_view json) {
  LogFormat compiled;
  std::string literal;
  while (!json.empty()) {
    if (json.front() != '"') {
      literal += json.front();
      json.remove_prefix(1);
      continue;
    }
    auto text = take_json_string(json);
    if (!text) return fail(ErrorCode::kInvalidArgument, "the access log's JSON format is not well formed");
    const bool is_key = json.substr(std::min(json.find_first_not_of(" \t\r\n"), json.size())).starts_with(':');
    if (is_key) {
      literal += '"';
      append_literal(*text, literal);
      literal += '"';
    } else if (Status done = compiled.add_json_value(*text, literal); !done) {
      return fail_with(done);
    }
  }
  while (literal.ends_with('\n')) literal.pop_back();
  compiled.pieces_.push_back({.literal = literal + '\n'});
  return compiled;
}

void LogFormat::append_escaped(std::string_view text, bool is_json, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += is_json ? "\\u00" : "\\x";
      out.append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    } else {
      out += c;
    }
  }
}

void LogFormat::append(const RequestRecord& record, std::string& out) const {
  thread_local std::string value;  // keeps its room from line to line
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (piece.operate == nullptr) continue;
    value.clear();
    piece.operate(record, piece.argument, value);
    if (value.size() > piece.longest) value.resize(piece.longest);
    const std::string_view shown = value.empty() ? std::string_view("-") : value;
    if (piece.place != Place::kJsonValue) {
      append_escaped(shown, piece.place == Place::kJsonText, out);
    } else if (value.empty()) {
      out += "null";
    } else if (piece.is_number) {
      out += value;
    } else {
      out += '"';
      append_escaped(value, true, out);
      out += '"';
    }
  }
}

}  // namespace ripstop::proxy::telemetry
