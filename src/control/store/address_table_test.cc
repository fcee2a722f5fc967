#include "control/store/address_table.h"

#include <gtest/gtest.h>

#include "control/store/store.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

std::vector<std::string> hosts(int first, int last) {
  std::vector<std::string> made;
  for (int i = first; i < last; ++i) made.push_back("service-" + std::to_string(i) + ".default.svc.cluster.local");
  return made;
}

TEST(AddressTable, GivesEveryHostItsOwnPairInsideTheReservedBlocks) {
  const TemporaryFolder folder;
  Result<Store> store = Store::open(folder / "a.db");
  ASSERT_TRUE(store);
  const auto given = store->addresses().allocate(hosts(0, 2000));
  ASSERT_TRUE(given);
  std::set<IpAddress> seen;
  const auto v4 = CidrBlock::parse("240.240.0.0/16");
  const auto v6 = CidrBlock::parse("2001:2::/48");
  for (const auto& [host, pair] : *given) {
    EXPECT_TRUE(v4->contains(pair.v4)) << pair.v4.to_string();
    EXPECT_TRUE(v6->contains(pair.v6)) << pair.v6.to_string();
    EXPECT_TRUE(seen.insert(pair.v4).second) << host;
    EXPECT_TRUE(seen.insert(pair.v6).second) << host;
  }
  EXPECT_EQ(given->size(), 2000U);
}

TEST(AddressTable, KeepsTheAddressesOverRestartsAndNeighbours) {
  const TemporaryFolder folder;
  std::map<std::string, VirtualAddresses> before;
  {
    Result<Store> store = Store::open(folder / "a.db");
    before = *store->addresses().allocate(hosts(0, 50));
  }
  Result<Store> store = Store::open(folder / "a.db");
  ASSERT_TRUE(store->addresses().allocate(hosts(50, 500)));
  EXPECT_EQ(*store->addresses().allocate(hosts(0, 50)), before);
}

TEST(AddressTable, StartsFromTheNameSoThatTwoMeshesAgree) {
  const TemporaryFolder folder;
  Result<Store> first = Store::open(folder / "a.db");
  Result<Store> second = Store::open(folder / "b.db");
  EXPECT_EQ(*first->addresses().allocate(hosts(7, 8)), *second->addresses().allocate(hosts(7, 8)));
}

TEST(AddressTable, FillsUpAndServesAgainWhenTheGoneAreForgotten) {
  const TemporaryFolder folder;
  Result<Store> store = Store::open(folder / "a.db");
  AddressTable table = store->addresses();
  ASSERT_TRUE(table.allocate(hosts(0, AddressTable::kCapacity)));
  const auto full = table.allocate(hosts(100'000, 100'001));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kTooLarge);
  const auto kept = hosts(0, 10);
  const auto before = table.allocate(kept);
  EXPECT_EQ(*table.forget_all_but({kept.begin(), kept.end()}), AddressTable::kCapacity - 10);
  EXPECT_TRUE(table.allocate(hosts(100'000, 100'001)));
  EXPECT_EQ(*table.allocate(kept), *before);
}

}  // namespace
}  // namespace ripstop::control
