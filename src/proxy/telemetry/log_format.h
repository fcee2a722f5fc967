// Access log lines from Envoy's command operators ("%RESPONSE_CODE%"), compiled once per format.
//
// Every byte that came from outside is escaped, so that nobody can forge a line or break JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy::telemetry {

// Istio's defaults.
[[nodiscard]] std::string_view default_text_format();
// The same facts under 24 keys.
struct JsonKey {
  std::string_view key;
  std::string_view format;
};
[[nodiscard]] const std::vector<JsonKey>& default_json_keys();

class LogFormat {
 public:
  // Fails with kInvalidArgument and the operator's name when there is no such operator.
  static Result<LogFormat> compile(std::string_view format);
  // As one line of JSON with these keys; numbers are written as numbers, what is absent as null.
  static Result<LogFormat> compile_json(const std::vector<JsonKey>& keys);
  // The same for an object written as JSON text, nested or not, whose strings may name operators.
  static Result<LogFormat> compile_json_object(std::string_view json);

  // Appends a whole line with its end.
  void append(const RequestRecord& record, std::string& out) const;

 private:
  using Operator = void (*)(const RequestRecord& record, std::string_view argument, std::string& out);
  enum class Place : uint8_t { kText, kJsonValue, kJsonText };
  struct Piece {
    std::string literal;         // before the operator
    Operator operate = nullptr;  // null: only the literal
    std::string argument;
    size_t longest = std::string::npos;
    bool is_number = false;
    Place place = Place::kText;
  };
  static Status compile_operator(std::string_view text, Piece& piece);
  static Status compile_into(std::string_view format, std::vector<Piece>& pieces);
  Status add_json_value(std::string_view format, std::string& literal);
  static void append_escaped(std::string_view text, bool is_json, std::string& out);

  std::vector<Piece> pieces_;
};

}  // namespace ripstop::proxy::telemetry
