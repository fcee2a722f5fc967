#include "control/push/served_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ripstop::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using ClusterItem = std::shared_ptr<const translate::Item<model::Cluster>>;

ClusterItem cluster(const std::string& name, uint32_t panic_percent = 50) {
  model::Cluster made;
  made.name = name;
  made.panic_percent = panic_percent;
  return translate::make_item(made);
}

translate::ProxyConfig config_of(translate::Items<model::Cluster> clusters) {
  translate::ProxyConfig config;
  config.clusters = std::move(clusters);
  return config;
}

TEST(ServedLists, ClientsThatSeeTheSameShareOneList) {
  ServedListPool pool;
  const ClusterItem a = cluster("a");
  const ClusterItem b = cluster("b");
  const ServedLists first = pool.make(config_of({a, b}));
  const ServedLists second = pool.make(config_of({a, b}));
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0], pool.make(config_of({a}))[0]);
  const xds::ServedSet set = set_of(first);
  EXPECT_EQ(set.at(std::string(xds::type::kCluster))->resources.at("a").body.get(), &a->resource()->body)
      << "bodies are not copied";
}

TEST(ServedLists, ListsThatNobodyHoldsAreForgotten) {
  ServedListPool pool;
  {
    const ServedLists held = pool.make(config_of({cluster("a")}));
    pool.sweep();
    EXPECT_EQ(pool.size(), 6U);
  }
  pool.sweep();
  EXPECT_EQ(pool.size(), 0U);
}

TEST(ServedLists, EqualContentHasEqualVersionsWhateverTheObjects) {
  ServedListPool pool;
  const ServedLists first = pool.make(config_of({cluster("a")}));
  const ServedLists again = pool.make(config_of({cluster("a")}));
  const ServedLists other = pool.make(config_of({cluster("a", 0)}));
  EXPECT_NE(first[0], again[0]);
  EXPECT_EQ(first[0]->served->version, again[0]->served->version);
  EXPECT_NE(first[0]->served->version, other[0]->served->version);
}

TEST(ServedLists, NamesWhatDiffersAndNothingElse) {
  ServedListPool pool;
  const ClusterItem b = cluster("b");
  const ClusterItem d = cluster("d");
  const ServedLists before = pool.make(config_of({cluster("a"), b, cluster("c"), d}));
  const ServedLists after = pool.make(config_of({b, cluster("c", 0), d, cluster("e")}));
  EXPECT_THAT(changes_between(before, after), ElementsAre(Pair(xds::type::kCluster, ElementsAre("a", "c", "e"))));
  EXPECT_THAT(changes_between(after, before), ElementsAre(Pair(xds::type::kCluster, ElementsAre("a", "c", "e"))));
  EXPECT_THAT(changes_between(after, after), IsEmpty());
  EXPECT_THAT(changes_between({}, after), IsEmpty()) << "a first set is compared in full";
  EXPECT_THAT(set_of({}), IsEmpty());
}

TEST(ServedLists, AClusterNamesTheAssignmentThatItsClientWaitsFor) {
  ServedListPool pool;
  model::Cluster by_name;
  by_name.name = "b";
  by_name.eds_name = "elsewhere";
  model::Cluster fixed;
  fixed.name = "c";
  fixed.discovery = model::Discovery::kStatic;
  const ServedLists lists =
      pool.make(config_of({cluster("a"), translate::make_item(by_name), translate::make_item(fixed)}));
  const auto& resources = lists[0]->served->resources;
  EXPECT_EQ(resources.at("a").assignment, "a");
  EXPECT_EQ(resources.at("b").assignment, "elsewhere");
  EXPECT_EQ(resources.at("c").assignment, "");
}

}  // namespace
}  // namespace ripstop::control
