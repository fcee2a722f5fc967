#include "translate/pass/name_table_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "translate/pass/secret_pass.h"
#include "translate/pass/visible_services.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using ::testing::ElementsAre;

NamedService reviews() {
  return {testing::host_of("reviews"), "reviews", "default", {testing::ip("240.240.0.1")}};
}

TEST(NameTablePass, KnowsShortFormsByTheClientsNamespace) {
  EXPECT_THAT(make_name_table({"default", {reviews()}}).entries[0].alt_hosts,
              ElementsAre("reviews", "reviews.default", "reviews.default.svc"));
  EXPECT_THAT(make_name_table({"other", {reviews()}}).entries[0].alt_hosts,
              ElementsAre("reviews.default", "reviews.default.svc"));
}

TEST(NameTablePass, KnowsOutsideHostsByTheirFullNameOnly) {
  const auto table = make_name_table({"default", {{"api.example", "", "default", {testing::ip("240.240.0.9")}}}});
  EXPECT_TRUE(table.entries[0].alt_hosts.empty());
}

TEST(NameTablePass, LeavesNamesWithoutAddressToTheResolver) {
  NamedService nowhere = reviews();
  nowhere.addresses.clear();
  EXPECT_TRUE(make_name_table({"default", {nowhere}}).entries.empty());
}

TEST(NameTablePass, NeverHidesAFullNameBehindAShortForm) {
  const NamedService outside{"reviews.default", "", "x", {testing::ip("240.240.0.9")}};
  EXPECT_THAT(make_name_table({"default", {reviews(), outside}}).entries[0].alt_hosts,
              ElementsAre("reviews", "reviews.default.svc"));
}

TEST(SecretPass, CarriesTheBundleAndNothingElse) {
  const model::Secret secret = make_roots_secret({"PEM"});
  EXPECT_EQ(secret, (model::Secret{.name = "ROOTCA", .trusted_roots_pem = "PEM"}));
}

std::vector<std::string> seen_from(const std::string& ns, std::vector<model::Service> services) {
  model::Snapshot snapshot;
  snapshot.mesh.services = std::move(services);
  const MeshIndex index = make_index(testing::share(std::move(snapshot)));
  std::vector<std::string> seen;
  for (const uint32_t position : visible_services({index.shape, ns})) {
    const model::Service& service = *index.shape->services[position].service;
    seen.push_back(service.ns + "/" + service.host);
  }
  return seen;
}

model::Service exported(std::string ns, std::vector<std::string> export_to) {
  model::Service made = testing::outside("a.example", testing::http(80), model::Resolution::kDns);
  made.ns = std::move(ns);
  made.export_to = std::move(export_to);
  return made;
}

TEST(VisibleServices, AreThoseExportedToTheClient) {
  EXPECT_THAT(seen_from("a", {exported("b", {"."})}), ElementsAre());
  EXPECT_THAT(seen_from("a", {exported("b", {"a"})}), ElementsAre("b/a.example"));
}

TEST(VisibleServices, HoldOneOfAHostAndTheClientsOwnFirst) {
  EXPECT_THAT(seen_from("m", {exported("a", {}), exported("m", {}), exported("z", {})}), ElementsAre("m/a.example"));
  EXPECT_THAT(seen_from("x", {exported("z", {}), exported("a", {})}), ElementsAre("a/a.example"));
  model::Service of_mesh = exported("z", {});
  of_mesh.name = "a";
  EXPECT_THAT(seen_from("x", {exported("a", {}), of_mesh}), ElementsAre("z/a.example"));
}

}  // namespace
}  // namespace ripstop::translate
