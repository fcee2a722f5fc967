#include "cli/demo/view/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output/table.h"

namespace ripstop::cli::demo {
namespace {

using Json = nlohmann::ordered_json;

std::string verdict(bool is_ok, bool has_color) {
  const Palette palette{has_color};
  return is_ok ? palette.green("ok") : palette.red("FAILED");
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
  return fmt::format("  {}  {}: {}\n", verdict(outcome.ok, has_color), outcome.name, outcome.measured);
}

std::string render_summary(const std::vector<Outcome>& outcomes, bool has_color) {
  Table table({"RESULT", "STEP", "EXPECTED", "MEASURED"});
  for (const Outcome& outcome : outcomes) {
    table.add({verdict(outcome.ok, has_color), outcome.name, outcome.expected, outcome.measured});
  }
  std::string text = "\n" + table.render({has_color});
  const auto failed = std::ranges::count(outcomes, false, &Outcome::ok);
  text += failed == 0 ? fmt::format("\nAll {} steps showed what they should.\n", outcomes.size())
                      : fmt::format("\n{} of {} steps failed.\n", failed, outcomes.size());
  return text;
}

}  // namespace ripstop::cli::demo
