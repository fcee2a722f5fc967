// What users of Istio wrote, and Istio's own schema, read from beside the project when they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "dialect/document.h"
#include "dialect/testing.h"

namespace ripstop::dialect {

namespace fs = std::filesystem;

std::optional<std::string> testing::corpora() {
  for (fs::path folder = fs::current_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    const fs::path candidate = folder.parent_path() / "shared" / "corpora";
    if (fs::is_directory(candidate)) return candidate.string();
  }
  return std::nullopt;
}

std::string testing::file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

namespace {

const std::map<std::string, int>& honoured_kinds() {
  static const std::map<std::string, int> kinds = [] {
    std::map<std::string, int> names;
    for (const Kind& kind : known_kinds()) {
      if (kind.support == Support::kHonoured) names[std::string(kind.name)] = 0;
    }
    return names;
  }();
  return kinds;
}

bool concerns_honoured_kind(const model::Finding& finding) {
  return honoured_kinds().contains(finding.resource.substr(0, finding.resource.find(' ')));
}

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (entry.is_regular_file() && name.find(".yaml") != std::string::npos) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

struct Tally {
  size_t files = 0, resources = 0, compiled = 0, refused = 0;
  std::map<std::string, size_t> errors;
};

Tally compile_folder(const fs::path& folder, model::Findings& errors) {
  Tally tally;
  for (const fs::path& file : yaml_files(folder)) {
    ++tally.files;
    ReadResult read_result = read({file.string(), testing::file_text(file.string())});
    const Compiled compiled = compile(read_result.resources, {});
    tally.resources += read_result.resources.size();
    for (size_t i = 0; i < read_result.resources.size(); ++i) {
      tally.compiled += honoured_kinds().contains(read_result.resources[i].kind);
      tally.refused += compiled.refused[i];
    }
    for (const model::Findings* findings : {&std::as_const(read_result.findings), &compiled.findings}) {
      for (const model::Finding& finding : *findings) {
        if (finding.severity != model::Severity::kError) continue;
        ++tally.errors[finding.code];
        errors.push_back(finding);
      }
    }
  }
  return tally;
}

void record(const std::string& name, const Tally& tally) {
  ::testing::Test::RecordProperty(name + "_files", static_cast<int>(tally.files));
  std::string line = name + ": " + std::to_string(tally.files) + " files, " + std::to_string(tally.resources) +
                     " resources, " + std::to_string(tally.compiled) + " of the honoured kinds, " +
                     std::to_string(tally.refused) + " refused; errors";
  for (const auto& [code, count] : tally.errors) line += " " + code + "=" + std::to_string(count);
  GTEST_LOG_(INFO) << line;
}

TEST(Corpus, IstiosSamplesCompileWithoutAnError) {
  const auto corpora = testing::corpora();
  if (!corpora) GTEST_SKIP() << "No folder shared/corpora beside the project.";
  model::Findings errors;
  const Tally tally = compile_folder(fs::path(*corpora) / "istio" / "samples", errors);
  record("samples", tally);
  EXPECT_GT(tally.compiled, 30U);
  EXPECT_EQ(tally.refused, 0U);
  for (const model::Finding& finding : errors) {
    EXPECT_FALSE(concerns_honoured_kind(finding)) << testing::brief(finding) << " " << finding.file;
    // What else is in the folder: templates, and files that are not resources at all.
    EXPECT_TRUE(finding.code == "document/template" || finding.code == "resource/no-kind")
        << testing::brief(finding) << " " << finding.file;
  }
}

TEST(Corpus, IstiosTestDataIsReadToTheEnd) {
  const auto corpora = testing::corpora();
  if (!corpora) GTEST_SKIP() << "No folder shared/corpora beside the project.";
  for (const char* folder : {"tests", "pkg", "pilot"}) {
    model::Findings errors;
    const Tally tally = compile_folder(fs::path(*corpora) / "istio" / folder, errors);
    record(folder, tally);
    EXPECT_GT(tally.compiled, 0U);
    for (const model::Finding& finding : errors) {
      EXPECT_NE(finding.line, 0U) << finding.message;
      EXPECT_FALSE(finding.remedy.empty()) << finding.message;
    }
  }
}

TEST(Corpus, ManifestsOfOtherMeshesAreReadToTheEnd) {
  const auto corpora = testing::corpora();
  if (!corpora) GTEST_SKIP() << "No folder shared/corpora beside the project.";
  model::Findings errors;
  const Tally tally = compile_folder(*corpora, errors);
  record("all", tally);
  EXPECT_GT(tally.files, 500U);
}

struct CaseCount {
  size_t refused = 0;
  size_t taken = 0;
};

// A document with "_err" must be refused for another reason than that key, the others not.
void check_case(Resource resource, CaseCount& count) {
  auto tree = std::make_shared<Node>(*resource.tree);
  const bool is_bad = std::erase_if(tree->entries, [](const Node::Entry& entry) { return entry.key == "_err"; }) > 0;
  resource.tree = tree;
  const Compiled compiled = compile(std::span(&resource, 1), {});
  EXPECT_EQ(compiled.refused[0], is_bad) << resource.title() << " " << resource.file << ":" << resource.line;
  ++(is_bad ? count.refused : count.taken);
}

TEST(Corpus, IstiosValidationCasesHaveTheSameOutcome) {
  const auto corpora = testing::corpora();
  if (!corpora) GTEST_SKIP() << "No folder shared/corpora beside the project.";
  CaseCount count;
  std::vector<fs::path> files = yaml_files(*corpora + "/istio/pkg/config/validation/testdata/crds");
  std::ranges::copy(yaml_files(*corpora + "/istio/pkg/test/datasets/validation/dataset"), std::back_inserter(files));
  for (const fs::path& file : files) {
    for (const Resource& resource : read({file.filename().string(), testing::file_text(file.string())}).resources) {
      // That one has an unquoted 001:db8:: before a bracket, which is a mapping in YAML 1.2.
      const bool is_other_yaml = resource.title() == "ServiceEntry default/full";
      if (honoured_kinds().contains(resource.kind) && !is_other_yaml) check_case(resource, count);
    }
  }
  EXPECT_GE(count.refused, 12U);
  EXPECT_GE(count.taken, 20U);
}

// Documents that a schema allows: every field is present once.
class Sampler {
 public:
  NodeRef sample(const Node& schema) const {
    auto node = std::make_shared<Node>();
    const std::string type = schema.find("type") == nullptr ? "" : schema.find("type")->text;
    if (type == "object") {
      fill_object(schema, *node);
    } else if (type == "array") {
      node->kind = Node::Kind::kList;
      node->items.push_back(sample(*schema.find("items")));
    } else if (type == "boolean") {
      node->kind = Node::Kind::kBoolean;
      node->text = "true";
    } else if (type == "integer" || type == "number") {
      node->kind = Node::Kind::kInteger;
      node->text = "100";
    } else {
      node->kind = Node::Kind::kText;
      const Node* choices = schema.find("enum");
      node->text = choices == nullptr ? "10s" : choices->items.back()->text;
    }
    return node;
  }

 private:
  void fill_object(const Node& schema, Node& node) const {
    node.kind = Node::Kind::kMap;
    if (const Node* properties = schema.find("properties"); properties != nullptr) {
      for (const Node::Entry& property : properties->entries) {
        node.entries.push_back({property.key, {1, 1}, sample(*property.value)});
      }
    }
    const Node* additional = schema.find("additionalProperties");
    if (additional != nullptr && additional->kind == Node::Kind::kMap) {
      node.entries.push_back({"80", {1, 1}, sample(*additional)});
    }
  }
};

// The fields of a kind's definition, as one resource that sets them all.
Resource resource_with_every_field(const Node& definition, const Node& version) {
  const Node& spec = *version.find("schema")->find("openAPIV3Schema")->find("properties")->find("spec");
  auto metadata = std::make_shared<Node>();
  metadata->kind = Node::Kind::kMap;
  auto name = std::make_shared<Node>();
  name->kind = Node::Kind::kText;
  name->text = "every";
  metadata->entries.push_back({"name", {1, 1}, name});
  auto root = std::make_shared<Node>();
  root->kind = Node::Kind::kMap;
  root->entries.push_back({"metadata", {1, 1}, metadata});
  root->entries.push_back({"spec", {1, 1}, Sampler().sample(spec)});
  Resource resource;
  resource.kind = definition.find("names")->find("kind")->text;
  resource.api_version = definition.find("group")->text + "/" + version.find("name")->text;
  resource.ns = "default";
  resource.name = "every";
  resource.tree = root;
  return resource;
}

TEST(Corpus, NoFieldOfIstiosSchemaIsUnknown) {
  const auto corpora = testing::corpora();
  if (!corpora) GTEST_SKIP() << "No folder shared/corpora beside the project.";
  model::Findings findings;
  const auto documents = read_documents(
      "crd", testing::file_text(*corpora + "/istio/manifests/charts/base/files/crd-all.gen.yaml"), 1, findings);
  std::map<std::string, int> seen = honoured_kinds();
  for (const Document& document : documents) {
    const Node& definition = *document.root->find("spec");
    const Kind* kind = find_kind(definition.find("group")->text, definition.find("names")->find("kind")->text);
    ASSERT_NE(kind, nullptr) << definition.find("names")->find("kind")->text;
    if (kind->support != Support::kHonoured) continue;
    for (const NodeRef& version : definition.find("versions")->items) {
      ++seen[std::string(kind->name)];
      const Resource resource = resource_with_every_field(definition, *version);
      for (const model::Finding& finding : compile(std::span(&resource, 1), {}).findings) {
        EXPECT_NE(finding.code, "istio/unknown-field") << kind->name << " " << finding.field;
        EXPECT_NE(finding.code, "istio/wrong-type") << kind->name << " " << finding.field;
        EXPECT_NE(finding.code, "resource/unsupported-version") << kind->name;
        EXPECT_NE(finding.code, "resource/more-findings") << kind->name;
      }
    }
  }
  for (const auto& [name, versions] : seen) EXPECT_GE(versions, 2) << name;
}

}  // namespace
}  // namespace ripstop::dialect
