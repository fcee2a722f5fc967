#include "cli/api/answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ripstop::cli {
namespace {

// Finds out where the text stops being JSON; keeps nothing.
class WhereItBreaks final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*elements*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t /*elements*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*why*/) override {
    at = position;
    return false;
  }
  size_t at = 0;
};

}  // namespace

Error not_an_object(std::string_view text) {
  Error error{.code = ErrorCode::kParse, .message = "the control plane's answer is not a JSON object"};
  WhereItBreaks where;
  if (!nlohmann::json::sax_parse(text, &where)) {
    error.message =
        fmt::format("the control plane's answer is not JSON from byte {} of {} on; are both of one version?", where.at,
                    text.size());
  }
  return error;
}

}  // namespace ripstop::cli
