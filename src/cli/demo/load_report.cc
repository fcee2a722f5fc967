#include "cli/demo/load_report.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace ripstop::cli::demo {
namespace {

using Json = nlohmann::json;

constexpr size_t kQuoted = 600;

uint64_t count_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace

uint64_t LoadReport::of(const std::string& version) const {
  const auto found = versions.find(version);
  return found == versions.end() ? 0 : found->second;
}

double LoadReport::percent_of(const std::string& version) const {
  return requests == 0 ? 0 : 100.0 * static_cast<double>(of(version)) / static_cast<double>(requests);
}

Result<LoadReport> parse_load_report(std::string_view output) {
  Json last;
  for (const std::string_view line : split(output, '\n')) {
    if (!line.starts_with('{')) continue;
    Json parsed = Json::parse(line, nullptr, false);
    if (parsed.is_object() && parsed.contains("requests")) last = std::move(parsed);
  }
  if (!last.is_object()) {
    const std::string_view said = trim(output.substr(output.size() > kQuoted ? output.size() - kQuoted : 0));
    return fail(ErrorCode::kParse, "the load generator counted nothing" +
                                       (said.empty() ? std::string() : ", and said: " + std::string(said)));
  }
  LoadReport report{.requests = count_of(last, "requests"),
                    .failures = count_of(last, "failures"),
                    .versions = {},
                    .rps = last.contains("rps") && last["rps"].is_number() ? last["rps"].get<double>() : 0,
                    .p50_us = count_of(last, "p50_us"),
                    .p95_us = count_of(last, "p95_us"),
                    .p99_us = count_of(last, "p99_us"),
                    .first_error = {}};
  if (const auto error = last.find("first_error"); error != last.end() && error->is_string()) {
    report.first_error = error->get<std::string>();
  }
  if (const auto versions = last.find("versions"); versions != last.end() && versions->is_object()) {
    for (const auto& [version, count] : versions->items())
      report.versions[version] = count_of(*versions, version.c_str());
  }
  return report;
}

}  // namespace ripstop::cli::demo
