#include "dialect/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/testing.h"

namespace ripstop::dialect {
namespace {

using testing::briefs;
using testing::compile_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::resource_text;
using ::testing::SizeIs;

constexpr std::string_view kGood =
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: db}\nspec: {address: 10.0.0.1}\n";

TEST(Read, KeepsTheTextOfEachDocumentAsWritten) {
  const std::string first = "# mine\napiVersion: networking.istio.io/v1beta1\nkind: Sidecar\nmetadata:\n  name: s\n";
  const ReadResult result = read({"a.yaml", first + "---\n" + std::string(kGood)});
  ASSERT_THAT(result.resources, SizeIs(2));
  EXPECT_EQ(result.resources[0].text, first);
  EXPECT_EQ(result.resources[1].text, kGood);
  EXPECT_EQ(result.resources[1].line, 7U);
  EXPECT_EQ(result.resources[1].title(), "WorkloadEntry default/db");
  EXPECT_EQ(result.resources[1].group(), "networking.istio.io");
  EXPECT_EQ(result.resources[1].version(), "v1");
}

TEST(Read, ExpandsLists) {
  const ReadResult result = read({"a.yaml",
                                  "apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n"
                                  "  kind: WorkloadEntry\n  metadata: {name: a}\n  spec: {address: \"10.0.0.1\"}\n"
                                  "---\napiVersion: networking.istio.io/v1\nkind: VirtualServiceList\n"
                                  "items:\n- metadata: {name: b, namespace: x}\n"});
  ASSERT_THAT(result.resources, SizeIs(2));
  EXPECT_EQ(result.resources[0].title(), "WorkloadEntry default/a");
  EXPECT_EQ(result.resources[0].line, 4U);
  EXPECT_EQ(result.resources[1].title(), "VirtualService x/b");
  // What was written anew can be stored and read again.
  for (const Resource& resource : result.resources) {
    const ReadResult again = read({"store", resource.text});
    ASSERT_THAT(again.resources, SizeIs(1)) << resource.text;
    EXPECT_EQ(again.resources[0].title(), resource.title());
  }
  EXPECT_FALSE(compile(result.resources, {}).refused[0]);
}

TEST(Read, ReportsDocumentsThatAreNoResources) {
  const ReadResult result = read({"a.yaml", "just text\n---\nname: chart\n---\nkind: Service\n"});
  EXPECT_THAT(result.resources, IsEmpty());
  EXPECT_THAT(
      briefs(result.findings, model::Severity::kNote),
      ElementsAre("E resource/not-a-mapping 1:1 ", "E resource/no-kind 3:1 ", "E resource/no-api-version 5:1 "));
}

TEST(Read, TakesTheTimeOfCreation) {
  const ReadResult result = read({"a.yaml",
                                  "apiVersion: v1\nkind: X\nmetadata: {creationTimestamp: \"1970-01-02T00:00:01Z\"}\n"
                                  "---\napiVersion: v1\nkind: X\nmetadata: {creationTimestamp: null}\n"});
  ASSERT_THAT(result.resources, SizeIs(2));
  EXPECT_EQ(result.resources[0].created, 86'401'000'000);
  EXPECT_EQ(result.resources[1].created, 0);
}

TEST(Compile, ABadResourceIsRefusedWholeAndTheOthersStay) {
  const auto outcome =
      compile_text(resource_text("WorkloadEntry", "  address: 10.0.0.2\n  wieght: 3\n") + "---\n" + std::string(kGood));
  EXPECT_THAT(outcome.refused, ElementsAre(true, false));
  ASSERT_THAT(outcome.mesh.workloads, SizeIs(1));
  EXPECT_EQ(outcome.mesh.workloads[0].name, "db");
  ASSERT_THAT(briefs(outcome.findings, model::Severity::kNote), ElementsAre("E istio/unknown-field 6:3 spec.wieght"));
  EXPECT_EQ(outcome.findings[0].remedy, "Did you mean \"weight\"?");
  EXPECT_EQ(outcome.findings[0].resource, "WorkloadEntry shop/it");
  EXPECT_EQ(outcome.findings[0].file, "test.yaml");
}

TEST(Compile, ParsesTheTextWhenThereIsNoTree) {
  auto resources = read({"a.yaml", "\n\n---\n" + std::string(kGood)}).resources;
  ASSERT_THAT(resources, SizeIs(1));
  resources[0].tree = nullptr;
  const Compiled compiled = compile(resources, {});
  EXPECT_THAT(compiled.mesh.workloads, SizeIs(1));
  resources[0].text += "---\nmore: 1\n";
  EXPECT_THAT(compile(resources, {}).refused, ElementsAre(true));
}

TEST(Compile, NamesFollowRfc1123) {
  const auto outcome = compile_text(
      "apiVersion: networking.istio.io/v2\nkind: WorkloadEntry\nmetadata:\n  name: Upper\n  namespace: a.b\n"
      "  lables: {}\nspec: {address: 10.0.0.1}\n---\n"
      "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: 7}\nspec: {address: 10.0.0.1}\n");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kNote),
              ElementsAre("E resource/unsupported-version 1:13 apiVersion", "E resource/bad-name 4:9 metadata.name",
                          "E resource/bad-namespace 5:14 metadata.namespace",
                          "E resource/unknown-field 6:3 metadata.lables", "E resource/bad-name 11:18 metadata.name"));
}

TEST(Compile, KindsThatAreNotCompiledAreMentionedOnceEach) {
  const auto outcome = compile_text(
      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n"
      "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\n"
      "---\napiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: g}\n"
      "---\napiVersion: security.istio.io/v1\nkind: VirtualService\nmetadata: {name: g}\n");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kNote),
              ElementsAre("N resource/bystander 1:1 kind", "W resource/kind-not-honoured 9:1 kind",
                          "W resource/unknown-kind 13:1 kind", "W resource/unknown-kind 17:1 kind"));
  EXPECT_EQ(outcome.findings[2].remedy, "Did you mean VirtualService?");
  EXPECT_THAT(outcome.findings[3].remedy, HasSubstr("networking.istio.io/v1"));
  EXPECT_THAT(outcome.refused, ElementsAre(false, false, false, false, false));
}

TEST(Compile, TheLaterOfTwoEqualNamesCounts) {
  const auto outcome = compile_text(resource_text("WorkloadEntry", "  address: 10.0.0.1\n") + "---\n" +
                                    resource_text("WorkloadEntry", "  address: 10.0.0.2\n"));
  ASSERT_THAT(outcome.mesh.workloads, SizeIs(1));
  EXPECT_EQ(outcome.mesh.workloads[0].address, "10.0.0.2");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kNote), ElementsAre("W resource/replaced 1:1 metadata.name"));
}

TEST(Compile, TheFindingsOfOneResourceAreBoundedAndItIsStillRefused) {
  std::string spec = "  hosts: [a]\n";
  for (int i = 0; i < 500; ++i) spec += "  field" + std::to_string(i) + ": 1\n";
  const auto outcome = compile_text(resource_text("VirtualService", spec));
  EXPECT_THAT(outcome.findings, SizeIs(101));
  EXPECT_THAT(outcome.refused, ElementsAre(true));
}

TEST(Kinds, AreFoundAsPeopleTypeThem) {
  for (const std::string_view word :
       {"vs", "VirtualService", "virtualservices", "VIRTUALSERVICE", "virtualservices.networking.istio.io"}) {
    ASSERT_NE(find_kind(word), nullptr) << word;
    EXPECT_EQ(find_kind(word)->name, "VirtualService");
  }
  EXPECT_EQ(find_kind("gateways.gateway.networking.k8s.io")->group, "gateway.networking.k8s.io");
  EXPECT_EQ(find_kind("nonsense"), nullptr);
  EXPECT_EQ(nearest_kind("destinationrul"), "DestinationRule");
  EXPECT_EQ(find_kind("security.istio.io", "VirtualService"), nullptr);
  for (const Kind& kind : known_kinds()) EXPECT_EQ(find_kind(kind.group, kind.name), &kind);
}

}  // namespace
}  // namespace ripstop::dialect
