#include "cli/demo/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ripstop::cli::demo {
namespace {

using Json = nlohmann::ordered_json;

std::string verdict(bool is_ok, bool has_color) {
  const char* word = is_ok ? "ok    " : "FAILED";
  if (!has_color) return word;
  return fmt::format("\x1b[{}m{}\x1b[0m", is_ok ? 32 : 31, word);
}

}  // namespace

std::string render_object(const Outcome& outcome, Format format) {
  const std::string json = Json{
      {"name", outcome.name},
      {"expected", outcome.expected},
      {"measured", outcome.measured},
      {"ok", outcome.ok}}.dump();
  return format == Format::kYaml ? "---\n" + render_document(json, format) : json + "\n";
}

std::string render_line(const Outcome& outcome, bool has_color) {
  return fmt::format("  {} {}: {}\n", verdict(outcome.ok, has_color), outcome.name, outcome.measured);
}

std::string render_summary(const std::vector<Outcome>& outcomes, bool has_color) {
  size_t name_width = 4;
  size_t expected_width = 8;
  for (const Outcome& outcome : outcomes) {
    name_width = std::max(name_width, outcome.name.size());
    expected_width = std::max(expected_width, outcome.expected.size());
  }
  std::string text =
      fmt::format("\nRESULT  {:<{}}  {:<{}}  MEASURED\n", "STEP", name_width, "EXPECTED", expected_width);
  for (const Outcome& outcome : outcomes) {
    text += fmt::format("{}  {:<{}}  {:<{}}  {}\n", verdict(outcome.ok, has_color), outcome.name, name_width,
                        outcome.expected, expected_width, outcome.measured);
  }
  const auto failed = std::ranges::count(outcomes, false, &Outcome::ok);
  text += failed == 0 ? fmt::format("\nAll {} steps showed what they should.\n", outcomes.size())
                      : fmt::format("\n{} of {} steps failed.\n", failed, outcomes.size());
  return text;
}

}  // namespace ripstop::cli::demo
