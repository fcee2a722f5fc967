// Bytes -> documents -> resources -> mesh. Whatever comes in, every error is accounted for and what was taken is sound.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dialect/dialect.h"
#include "dialect/document.h"

namespace ripstop::dialect {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_findings(const model::Findings& findings) {
  for (const model::Finding& finding : findings) {
    require(!finding.code.empty() && !finding.message.empty());
    require(finding.severity == model::Severity::kNote || !finding.remedy.empty());
  }
}

// A resource that was written anew must read back as the same resource.
void check_written(const Resource& resource) {
  model::Findings findings;
  const auto documents = read_documents("again", to_yaml(*resource.tree), 1, findings);
  require(documents.size() == 1 && findings.empty());
}

}  // namespace
}  // namespace ripstop::dialect

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::dialect;
  const ReadResult result = read({"fuzz.yaml", std::string(reinterpret_cast<const char*>(bytes), size)});
  check_findings(result.findings);
  const Compiled compiled = compile(result.resources, {}, {.is_complete = size % 2 == 0});
  check_findings(compiled.findings);
  require(compiled.refused.size() == result.resources.size());
  for (const auto& routes : compiled.mesh.http_routes) require(!routes.hosts.empty() && routes.origin != nullptr);
  for (const auto& policy : compiled.mesh.destination_policies) require(!policy.host.empty());
  for (const auto& service : compiled.mesh.services) require(!service.host.empty() && service.host != "*");
  for (const Resource& resource : result.resources) check_written(resource);
  return 0;
}
