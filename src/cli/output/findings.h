// Findings for people, as compilers print theirs, and as JSON.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/output/table.h"
#include "model/finding.h"

namespace ripstop::cli {

// Texts by the names of their files, for the excerpts; a file that is missing gets none.
using SourceTexts = std::map<std::string, std::string, std::less<>>;

// For each: `file:line:column: error: message [code]`, the line with a caret, resource and field, the remedy. In the
// order of files and lines.
[[nodiscard]] std::string render_findings(model::Findings findings, const SourceTexts& sources, const Palette& palette);

// "2 errors, 1 warning in 3 files"; "" for none.
[[nodiscard]] std::string summarize_findings(const model::Findings& findings);

// A JSON array as the HTTP API has it, and back. Unknown severities count as errors.
[[nodiscard]] std::string findings_to_json(const model::Findings& findings);
[[nodiscard]] Result<model::Findings> findings_from_json(std::string_view json);

}  // namespace ripstop::cli
