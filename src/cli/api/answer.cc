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

Result<nlohmann::json> parse_answer(std::string_view text) {
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_object()) return parsed;
  if (!parsed.is_discarded()) return fail(ErrorCode::kParse, "the control plane's answer is not a JSON object");
  WhereItBreaks where;
  nlohmann::json::sax_parse(text, &where);
  return fail(ErrorCode::kParse, fmt::format("the control plane's answer is not JSON from byte {} of {} on; are both "
                                             "programs of one version?",
                                             where.at, text.size()));
}

}  // namespace ripstop::cli
