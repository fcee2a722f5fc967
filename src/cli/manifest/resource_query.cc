#include "cli/manifest/resource_query.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "dialect/dialect.h"

namespace ripstop::cli {

Result<std::string> resolve_kind(std::string_view word) {
  if (const dialect::Kind* kind = dialect::find_kind(word)) return std::string(kind->name);
  const std::optional<std::string> near = dialect::nearest_kind(word);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown kind '{}'{}", word, near ? "; did you mean " + *near + "?" : ""));
}

std::string resource_path(std::string_view kind, std::string_view ns, std::string_view name) {
  // A path segment cannot be empty; "-" is no namespace's name.
  return fmt::format("/v1/resources/{}/{}/{}", percent_encoded(kind), ns.empty() ? "-" : percent_encoded(ns),
                     percent_encoded(name));
}

Error not_found(const ControlPlane& control_plane, std::string_view kind, std::string_view ns, std::string_view name) {
  std::string message = fmt::format("there is no {} {} in namespace {}", kind, name, ns);
  const Result<std::string> answer = control_plane.call("GET", "/v1/resources?kind=" + percent_encoded(kind));
  const nlohmann::json parsed = nlohmann::json::parse(answer ? *answer : "", nullptr, false);
  std::vector<std::string> names;
  if (parsed.is_object() && parsed.contains("resources")) {
    for (const auto& one : parsed["resources"]) {
      if (one.value("name", "") == name) {
        return {.code = ErrorCode::kNotFound,
                .message = fmt::format("{}, but in namespace {}: use -n", message, one.value("namespace", ""))};
      }
      if (one.value("namespace", "") == ns) names.push_back(one.value("name", ""));
    }
  }
  if (const auto near = nearest(name, names)) message += fmt::format("; did you mean {}?", *near);
  return {.code = ErrorCode::kNotFound, .message = message};
}

}  // namespace ripstop::cli
