// What reading somebody's configuration found out: errors, warnings, notes. Findings accumulate; reading never stops
// at the first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace ripstop::model {

enum class Severity : uint8_t { kNote, kWarning, kError };

struct Finding {
  Severity severity = Severity::kError;
  std::string code;      // stable, for scripts: "istio/unknown-field"; listed in docs/findings.md
  std::string message;   // a sentence that says what is wrong
  std::string remedy;    // a sentence that says what to do about it, may be empty for notes
  std::string resource;  // "VirtualService default/reviews", empty when the document has no readable kind
  std::string field;     // "spec.http[0].route[1].weight", empty when it concerns the whole
  std::string file;      // as the user gave it; "<stdin>" for standard input
  uint32_t line = 0;     // from 1
  uint32_t column = 0;   // from 1

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

[[nodiscard]] inline bool has_error(const Findings& findings) {
  return std::ranges::any_of(findings, [](const Finding& found) { return found.severity == Severity::kError; });
}

}  // namespace ripstop::model
