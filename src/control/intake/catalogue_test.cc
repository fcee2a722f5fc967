#include "control/intake/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WallTime kNow{seconds(1'700'000'000)};

std::string entry(const std::string& name, const std::string& host, const std::string& more = "") {
  return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: " + name + "\nspec:\n  hosts: [" +
         host +
         "]\n  location: MESH_INTERNAL\n  resolution: DNS\n  ports:\n  - {number: 80, name: http, protocol: HTTP}\n" +
         more;
}

std::string route(const std::string& name, const std::string& host, const std::string& weight = "100") {
  return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: " + name +
         "\nspec:\n  hosts: [" + host + "]\n  http:\n  - route:\n    - destination: {host: " + host +
         "}\n      weight: " + weight + "\n";
}

ResourceKey entry_key(const std::string& name) {
  return {"networking.istio.io", "ServiceEntry", "default", name};
}

model::Workload workload(const std::string& id, const std::string& service) {
  model::Workload made;
  made.id = id;
  made.name = id;
  made.identity = {"cluster.local", "default", service};
  made.labels = {{std::string(kServiceLabel), service}};
  made.address = "127.0.0.1";
  made.inbound[9080] = {IpAddress::loopback_v4(), 40000};
  made.has_proxy = true;
  return made;
}

class CatalogueTest : public testing::Test {
 protected:
  CatalogueTest() { restart(); }

  void restart() {
    catalogue_.reset();
    store_.reset();
    Result<Store> opened = Store::open(folder_ / "mesh.db");
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::make_unique<Store>(std::move(*opened));
    catalogue_ = std::move(*Catalogue::open(*store_, {}));
  }

  Verdict apply(const std::string& text, ApplyMode mode = ApplyMode::kCommit) {
    const dialect::Source source{.file = "a.yaml", .text = text};
    return *catalogue_->apply(std::span(&source, 1), mode, kNow);
  }
  Verdict follow(std::vector<FolderFile> files) { return *catalogue_->follow({std::move(files)}, kNow); }

  [[nodiscard]] std::vector<std::string> hosts() const {
    std::vector<std::string> found;
    for (const model::Service& service : catalogue_->snapshot()->mesh.services) found.push_back(service.host);
    std::ranges::sort(found);
    return found;
  }
  [[nodiscard]] const model::Service& service(const std::string& host) const {
    for (const model::Service& one : catalogue_->snapshot()->mesh.services) {
      if (one.host == host) return one;
    }
    throw std::runtime_error("no service " + host);
  }
  [[nodiscard]] std::vector<std::string> codes(const model::Findings& findings) const {
    std::vector<std::string> found;
    for (const model::Finding& finding : findings) found.push_back(finding.code);
    return found;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Catalogue> catalogue_;
};

TEST_F(CatalogueTest, PutsWhatIsAppliedIntoForceAndKeepsItOverARestart) {
  const Verdict verdict = apply(entry("a", "a.example.com") + "---\n" + route("r", "a.example.com"));
  EXPECT_TRUE(verdict.is_accepted) << testing::PrintToString(codes(verdict.findings));
  EXPECT_EQ(verdict.changes, 2U);
  EXPECT_EQ(catalogue_->snapshot()->revision, verdict.revision);
  EXPECT_EQ(catalogue_->snapshot()->mesh.http_routes.size(), 1U);
  EXPECT_EQ(hosts(), std::vector<std::string>{"a.example.com"});
  const auto created = catalogue_->snapshot()->mesh.http_routes[0].created;
  EXPECT_EQ(created, 1'700'000'000'000'000);
  restart();
  EXPECT_EQ(hosts(), std::vector<std::string>{"a.example.com"});
  EXPECT_EQ(catalogue_->snapshot()->mesh.http_routes.at(0).created, created);
  EXPECT_EQ(catalogue_->snapshot()->mesh.http_routes.at(0).origin->line, 12U) << "places survive in the store";
  EXPECT_EQ(catalogue_->snapshot()->revision, verdict.revision);
}

TEST_F(CatalogueTest, RefusesABatchWithOneBadResourceWholeAndShowsEveryFinding) {
  ASSERT_TRUE(apply(entry("a", "a.example.com")).is_accepted);
  const model::SnapshotRef before = catalogue_->snapshot();
  const Verdict verdict = apply(entry("b", "b.example.com") + "---\n" + route("r", "b.example.com", "-5") + "---\n" +
                                route("s", "b.example.com", "many"));
  EXPECT_FALSE(verdict.is_accepted);
  EXPECT_GE(std::ranges::count(verdict.findings, model::Severity::kError, &model::Finding::severity), 2);
  for (const model::Finding& finding : verdict.findings) {
    if (finding.severity != model::Severity::kError) continue;
    EXPECT_EQ(finding.file, "a.yaml");
    EXPECT_GT(finding.line, 1U);
  }
  EXPECT_EQ(catalogue_->snapshot(), before) << "not even a new pointer";
  EXPECT_EQ(store_->list()->resources.size(), 1U);
}

TEST_F(CatalogueTest, DryRunsJudgeAndChangeNothing) {
  const Verdict verdict = apply(entry("a", "a.example.com"), ApplyMode::kDryRun);
  EXPECT_TRUE(verdict.is_accepted);
  EXPECT_EQ(verdict.resources.size(), 1U);
  EXPECT_EQ(verdict.changes, 0U);
  EXPECT_EQ(store_->revision(), 0U);
  EXPECT_THAT(hosts(), IsEmpty());
}

TEST_F(CatalogueTest, ApplyingTheSameAgainIsSilent) {
  apply(entry("a", "a.example.com"));
  const model::SnapshotRef before = catalogue_->snapshot();
  const Verdict again = apply(entry("a", "a.example.com"));
  EXPECT_TRUE(again.is_accepted);
  EXPECT_EQ(again.changes, 0U);
  EXPECT_EQ(catalogue_->snapshot(), before);
}

TEST_F(CatalogueTest, NeverKeepsWhatBelongsToThePlatform) {
  const Verdict verdict =
      apply("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n---\n" +
            entry("a", "a.example.com"));
  EXPECT_TRUE(verdict.is_accepted);
  EXPECT_EQ(verdict.resources, std::vector<ResourceKey>{entry_key("a")});
  EXPECT_FALSE(verdict.findings.empty()) << "it is mentioned";
  EXPECT_EQ(store_->list()->resources.size(), 1U);
}

TEST_F(CatalogueTest, WarnsWhenOneBatchGivesAResourceTwice) {
  const Verdict verdict = apply(entry("a", "first.example.com") + "---\n" + entry("a", "second.example.com"));
  EXPECT_TRUE(verdict.is_accepted);
  EXPECT_THAT(codes(verdict.findings), testing::Contains("intake/given-twice"));
  EXPECT_EQ(hosts(), std::vector<std::string>{"second.example.com"});
}

TEST_F(CatalogueTest, RemovesAllOrNothing) {
  apply(entry("a", "a.example.com"));
  const std::vector<ResourceKey> both = {entry_key("a"), entry_key("absent")};
  const Verdict refused = *catalogue_->remove(both, kNow);
  EXPECT_FALSE(refused.is_accepted);
  EXPECT_EQ(codes(refused.findings), std::vector<std::string>{"intake/not-found"});
  EXPECT_EQ(hosts().size(), 1U);
  const Verdict removed = *catalogue_->remove(std::span(both).first(1), kNow);
  EXPECT_TRUE(removed.is_accepted);
  EXPECT_THAT(hosts(), IsEmpty());
  EXPECT_GT(catalogue_->snapshot()->revision, refused.revision);
}

TEST_F(CatalogueTest, GivesServicesWithoutAddressesVirtualOnesForEver) {
  apply(entry("a", "a.example.com") + "---\n" + entry("b", "b.example.com", "  addresses: [10.1.2.3]\n"));
  const std::vector<IpAddress> first = service("a.example.com").addresses;
  ASSERT_EQ(first.size(), 2U);
  EXPECT_TRUE(CidrBlock::parse("240.240.0.0/16")->contains(first[0]));
  EXPECT_TRUE(CidrBlock::parse("2001:2::/48")->contains(first[1]));
  EXPECT_EQ(service("b.example.com").addresses, std::vector<IpAddress>{*IpAddress::parse("10.1.2.3")});
  apply(entry("c", "c.example.com"));
  restart();
  EXPECT_EQ(service("a.example.com").addresses, first);
  EXPECT_NE(service("c.example.com").addresses, first);
}

TEST_F(CatalogueTest, MakesAServiceOfTheWorkloadsThatRegister) {
  ASSERT_TRUE(catalogue_->put_workload(workload("w1", "reviews"), kNow));
  ASSERT_TRUE(catalogue_->put_workload(workload("w2", "reviews"), kNow));
  const std::string host = "reviews.default.svc.cluster.local";
  EXPECT_EQ(hosts(), std::vector<std::string>{host});
  EXPECT_EQ(service(host).addresses.size(), 2U);
  EXPECT_EQ(catalogue_->snapshot()->mesh.workloads.size(), 2U);
  EXPECT_EQ(catalogue_->snapshot()->mesh.workloads[0].origin->to_string(), "Workload default/w1");
  EXPECT_TRUE(apply(route("r", "reviews")).findings.empty()) << "the host is known, so nobody is warned";

  ASSERT_TRUE(apply(entry("mine", host)).is_accepted);
  EXPECT_EQ(hosts(), std::vector<std::string>{host}) << "a written service wins";
  EXPECT_EQ(service(host).origin->kind, "ServiceEntry");
  ASSERT_TRUE(catalogue_->remove(std::vector{entry_key("mine")}, kNow));
  ASSERT_TRUE(catalogue_->remove_workload("w1", kNow));
  ASSERT_TRUE(catalogue_->remove_workload("w2", kNow));
  ASSERT_TRUE(catalogue_->remove_workload("w2", kNow)) << "it is gone already";
  EXPECT_THAT(hosts(), IsEmpty());
}

TEST_F(CatalogueTest, KeepsReadinessOverARestart) {
  ASSERT_TRUE(catalogue_->put_workload(workload("w1", "reviews"), kNow));
  const model::SnapshotRef before = catalogue_->snapshot();
  ASSERT_TRUE(catalogue_->set_ready({{"w1", false}, {"absent", true}}, kNow));
  EXPECT_FALSE(catalogue_->snapshot()->mesh.workloads[0].is_ready);
  EXPECT_TRUE(before->mesh.workloads[0].is_ready) << "an old snapshot stays as it was";
  EXPECT_GT(catalogue_->snapshot()->revision, before->revision);
  const uint64_t revision = catalogue_->snapshot()->revision;
  ASSERT_TRUE(catalogue_->set_ready({{"w1", false}}, kNow));
  EXPECT_EQ(catalogue_->snapshot()->revision, revision) << "what is so already is no change";
  restart();
  EXPECT_FALSE(catalogue_->snapshot()->mesh.workloads.at(0).is_ready);
}

TEST_F(CatalogueTest, KeepsAResourceInTheNamespaceItWasAppliedTo) {
  const dialect::Source source{.file = "a.yaml",
                               .text =
                                   "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: mine}\n"
                                   "spec: {hosts: [mine.example.com], location: MESH_EXTERNAL, resolution: DNS,\n"
                                   "  ports: [{number: 80, name: http, protocol: HTTP}]}\n",
                               .default_namespace = "shop"};
  ASSERT_TRUE(catalogue_->apply({&source, 1}, ApplyMode::kCommit, kNow)->is_accepted);
  EXPECT_EQ(service("mine.example.com").ns, "shop");
  restart();
  EXPECT_EQ(service("mine.example.com").ns, "shop");
}

TEST_F(CatalogueTest, RefusesWorkloadsThatWouldSpoilTheMesh) {
  model::Workload stranger = workload("w1", "reviews");
  stranger.identity.trust_domain = "elsewhere";
  EXPECT_FALSE(catalogue_->put_workload(stranger, kNow));
  EXPECT_EQ(store_->revision(), 0U);
}

TEST_F(CatalogueTest, FollowsAFolder) {
  const Verdict first =
      follow({{"d/a.yaml", entry("a", "a.example.com"), {}}, {"d/b.yaml", entry("b", "b.example.com"), {}}});
  EXPECT_TRUE(first.is_accepted);
  EXPECT_EQ(first.changes, 2U);
  EXPECT_EQ(hosts(), (std::vector<std::string>{"a.example.com", "b.example.com"}));
  follow({{"d/b.yaml", entry("b", "b2.example.com"), {}}});
  EXPECT_EQ(hosts(), std::vector<std::string>{"b2.example.com"});
  EXPECT_EQ(follow({{"d/b.yaml", entry("b", "b2.example.com"), {}}}).changes, 0U);
}

TEST_F(CatalogueTest, KeepsTheLastGoodVersionOfABadResourceEvenOverARestart) {
  follow({{"d/a.yaml", entry("a", "a.example.com") + "---\n" + route("r", "a.example.com"), {}}});
  const std::string bad = entry("a", "a2.example.com") + "---\n" + route("r", "a.example.com", "oops");
  const Verdict verdict = follow({{"d/a.yaml", bad, {}}});
  EXPECT_FALSE(verdict.is_accepted);
  EXPECT_EQ(verdict.resources, std::vector<ResourceKey>{entry_key("a")}) << "the good one of the two is taken";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(hosts(), std::vector<std::string>{"a2.example.com"});
    EXPECT_EQ(catalogue_->snapshot()->mesh.http_routes.size(), 1U) << "the last good route is still in force";
    EXPECT_TRUE(model::has_error(follow({{"d/a.yaml", bad, {}}}).findings));
    EXPECT_TRUE(model::has_error(catalogue_->diagnostics()));
    restart();
  }
  follow({{"d/a.yaml", entry("a", "a2.example.com"), {}}});
  EXPECT_THAT(catalogue_->snapshot()->mesh.http_routes, IsEmpty()) << "deleted on purpose";
  EXPECT_FALSE(model::has_error(catalogue_->diagnostics()));
}

TEST_F(CatalogueTest, RemovesNothingOnTheWordOfAFileThatCannotBeRead) {
  const std::string good = entry("a", "a.example.com") + "---\n" + entry("b", "b.example.com");
  follow({{"d/x.yaml", good, {}}, {"d/y.yaml", entry("c", "c.example.com"), {}}});
  const Verdict broken = follow({{"d/x.yaml", entry("a", "a.example.com") + "---\n{ this: [is not yaml\n", {}}});
  EXPECT_FALSE(broken.is_accepted);
  EXPECT_EQ(hosts(), (std::vector<std::string>{"a.example.com", "b.example.com"})) << "y.yaml is truly gone";
  const Verdict unreadable = follow({{"d/x.yaml", "", "The file cannot be opened: Permission denied."}});
  EXPECT_EQ(codes(unreadable.findings), std::vector<std::string>{"intake/unreadable-file"});
  EXPECT_EQ(unreadable.findings[0].file, "d/x.yaml");
  EXPECT_EQ(hosts().size(), 2U);
}

TEST_F(CatalogueTest, LetsTheFirstOfTwoFilesHaveAResource) {
  const Verdict verdict =
      follow({{"d/a.yaml", entry("a", "first.example.com"), {}}, {"d/b.yaml", entry("a", "second.example.com"), {}}});
  EXPECT_FALSE(verdict.is_accepted);
  EXPECT_THAT(codes(verdict.findings), testing::Contains("intake/given-twice"));
  EXPECT_EQ(hosts(), std::vector<std::string>{"first.example.com"});
}

TEST_F(CatalogueTest, KeepsTheApiAndTheFolderApart) {
  apply(entry("api", "api.example.com"));
  follow({{"d/a.yaml", entry("git", "git.example.com"), {}}});
  const Verdict refused = apply(entry("git", "other.example.com"));
  EXPECT_FALSE(refused.is_accepted);
  EXPECT_EQ(codes(refused.findings), std::vector<std::string>{"intake/kept-in-folder"});
  EXPECT_THAT(refused.findings[0].remedy, HasSubstr("d/a.yaml"));
  EXPECT_FALSE(catalogue_->remove(std::vector{entry_key("git")}, kNow)->is_accepted);
  EXPECT_EQ(follow({}).changes, 1U) << "an empty folder takes only its own away";
  EXPECT_EQ(hosts(), std::vector<std::string>{"api.example.com"});
  follow({{"d/a.yaml", entry("api", "moved.example.com"), {}}});
  EXPECT_EQ(hosts(), std::vector<std::string>{"moved.example.com"}) << "the folder may take over";
}

}  // namespace
}  // namespace ripstop::control
