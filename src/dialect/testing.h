// For the tests of this room: texts in, what came of them out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialect/dialect.h"

namespace ripstop::dialect::testing {

struct Outcome {
  model::MeshConfig mesh;
  model::Findings findings;  // of reading, then of compiling
  std::vector<bool> refused;
  std::vector<Resource> resources;
};

inline Outcome compile_text(const std::string& text, const Surroundings& surroundings = {}) {
  ReadResult read_result = read({"test.yaml", text});
  Compiled compiled = compile(read_result.resources, {}, surroundings);
  Outcome outcome{std::move(compiled.mesh), std::move(read_result.findings), std::move(compiled.refused),
                  std::move(read_result.resources)};
  outcome.findings.insert(outcome.findings.end(), compiled.findings.begin(), compiled.findings.end());
  return outcome;
}

// A resource of that kind around an indented spec; its spec starts in line 5.
inline std::string resource_text(const std::string& kind, const std::string& spec) {
  const std::string group = kind == "PeerAuthentication" ? "security.istio.io" : "networking.istio.io";
  return "apiVersion: " + group + "/v1\nkind: " + kind + "\nmetadata: {name: it, namespace: shop}\nspec:\n" + spec;
}

// "E istio/bad-weight 7:15 spec.http[0].route[0].weight"
inline std::string brief(const model::Finding& finding) {
  const char severity = finding.severity == model::Severity::kError     ? 'E'
                        : finding.severity == model::Severity::kWarning ? 'W'
                                                                        : 'N';
  return std::string(1, severity) + " " + finding.code + " " + std::to_string(finding.line) + ":" +
         std::to_string(finding.column) + " " + finding.field;
}

inline std::vector<std::string> briefs(const model::Findings& findings, model::Severity at_least) {
  std::vector<std::string> lines;
  for (const model::Finding& finding : findings) {
    if (finding.severity >= at_least) lines.push_back(brief(finding));
  }
  return lines;
}

// The folder of manifests of other meshes beside the project; nullopt when it is not there.
std::optional<std::string> corpora();

std::string file_text(const std::string& path);

}  // namespace ripstop::dialect::testing
