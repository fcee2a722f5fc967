#include "control/store/registration_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/store/store.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using testing::ElementsAre;
using testing::Pair;

StoredRegistration registration(const std::string& workload, int64_t process) {
  return {
      .workload = workload, .token = std::string("a\0b", 3), .admin_address = "127.0.0.1:15000", .process = process};
}

TEST(RegistrationTable, KeepsOneRegistrationForEachWorkloadOverARestart) {
  const TemporaryFolder folder;
  {
    Result<Store> store = Store::open(folder / "mesh.db");
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->registrations().put(registration("reviews-v1-1", 7)));
    ASSERT_TRUE(store->registrations().put(registration("ratings-1", 8)));
    ASSERT_TRUE(store->registrations().put(registration("reviews-v1-1", 9))) << "the later one counts";
  }
  Result<Store> store = Store::open(folder / "mesh.db");
  ASSERT_TRUE(store);
  EXPECT_EQ(store->registrations().find("reviews-v1-1"), registration("reviews-v1-1", 9));
  EXPECT_THAT(*store->registrations().list(), ElementsAre(Pair("ratings-1", registration("ratings-1", 8)),
                                                          Pair("reviews-v1-1", registration("reviews-v1-1", 9))));
  ASSERT_TRUE(store->registrations().remove("ratings-1"));
  ASSERT_TRUE(store->registrations().remove("ratings-1")) << "it is gone already";
  EXPECT_EQ(store->registrations().find("ratings-1").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ripstop::control
