#include "proxy/telemetry/log_format.h"

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
    std::string_view text = format.substr(at + 1, end - at - 1);
    Piece& piece = pieces.back();
    const size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(')', colon) == std::string_view::npos && colon > 0) {
      const auto longest = parse_number<size_t>(text.substr(colon + 1));
      if (longest) {
        piece.longest = *longest;
        text = text.substr(0, colon);
      }
    }
    const size_t open = text.find('(');
    const LogOperator* found = find_log_operator(text.substr(0, open));
    const bool has_argument = open != std::string_view::npos && text.ends_with(')');
    if (found == nullptr || (found->takes_argument && !has_argument)) {
      return fail(ErrorCode::kInvalidArgument, "the access log has no operator %" + std::string(text) + "%");
    }
    if (found->takes_argument) piece.argument = text.substr(open + 1, text.size() - open - 2);
    piece.operate = found->append;
    piece.is_number = found->is_number;
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
  compiled.is_json_ = true;
  for (const JsonKey& key : keys) {
    std::vector<Piece> pieces;
    if (Status done = compile_into(key.format, pieces); !done) return fail_with(done);
    Piece& piece = pieces.front();
    piece.literal = (compiled.pieces_.empty() ? "{\"" : ",\"") + std::string(key.key) + "\":";
    compiled.pieces_.push_back(std::move(piece));
  }
  compiled.pieces_.push_back({.literal = "}\n"});
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
  std::string value;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (piece.operate == nullptr) continue;
    value.clear();
    piece.operate(record, piece.argument, value);
    if (value.size() > piece.longest) value.resize(piece.longest);
    if (!is_json_) {
      append_escaped(value.empty() ? std::string_view("-") : value, false, out);
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
