// What is printed about the steps: a line each as it happens and a table at the end, or one object each.
#pragma once

#include <string>
#include <vector>

#include "cli/demo/outcome.h"
#include "cli/output/document.h"

namespace ripstop::cli::demo {

// One line of JSON, or one YAML document.
[[nodiscard]] std::string render_object(const Outcome& outcome, Format format);
// "ok   name  measured"
[[nodiscard]] std::string render_line(const Outcome& outcome, bool has_color);
// Names, expectations, measurements and verdicts in columns, and a sentence that sums up.
[[nodiscard]] std::string render_summary(const std::vector<Outcome>& outcomes, bool has_color);

}  // namespace ripstop::cli::demo
