#include "control/folder_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "control/testing/temporary_folder.h"
#include "net/net_testing.h"

namespace ripstop::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string entry(const std::string& name) {
  return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: " + name + "}\nspec:\n  hosts: [" +
         name + ".example.com]\n  location: MESH_EXTERNAL\n  resolution: DNS\n" +
         "  ports: [{number: 80, name: http, protocol: HTTP}]\n";
}

class FolderFollowerTest : public testing::Test {
 protected:
  FolderFollowerTest() {
    std::filesystem::create_directory(folder_ / "a");
    std::filesystem::create_directory(folder_ / "b");
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [key, accepted] : catalogue_->accepted()) names.push_back(key.name);
    return names;
  }
  [[nodiscard]] bool becomes(const std::vector<std::string>& wanted) {
    return net::testing::run_until(reactor_, [&] { return names() == wanted; });
  }

  TemporaryFolder folder_;
  runtime::Reactor reactor_;
  Store store_ = std::move(*Store::open(folder_ / "mesh.db"));
  std::unique_ptr<Catalogue> catalogue_ = std::move(*Catalogue::open(store_, {}));
  int changes_ = 0;
  FolderFollower follower_{*catalogue_, [this] { ++changes_; }};
};

TEST_F(FolderFollowerTest, FollowsSeveralFoldersTogether) {
  folder_.write("a/one.yaml", entry("one"));
  folder_.write("b/two.yaml", entry("two"));
  ASSERT_TRUE(follower_.start({folder_ / "a", folder_ / "b"}));
  ASSERT_TRUE(becomes({"one", "two"}));
  EXPECT_GE(changes_, 1);
  folder_.write("b/three.yaml", entry("three"));
  ASSERT_TRUE(becomes({"one", "three", "two"}));
  std::filesystem::remove(folder_ / "a/one.yaml");
  ASSERT_TRUE(becomes({"three", "two"}));
}

TEST_F(FolderFollowerTest, AFolderThatComesLateTakesNothingBackBefore) {
  folder_.write("a/one.yaml", entry("one"));
  {
    FolderFollower earlier(*catalogue_, [] {});
    ASSERT_TRUE(earlier.start({folder_ / "a"}));
    ASSERT_TRUE(becomes({"one"}));
  }
  ASSERT_TRUE(follower_.start({folder_ / "late"}));
  net::testing::settle(reactor_);
  EXPECT_THAT(names(), ElementsAre("one"));
  std::filesystem::create_directory(folder_ / "late");
  EXPECT_TRUE(becomes({}));
}

TEST_F(FolderFollowerTest, ABrokenFileLeavesTheLastGoodStateInForce) {
  folder_.write("a/one.yaml", entry("one"));
  ASSERT_TRUE(follower_.start({folder_ / "a"}));
  ASSERT_TRUE(becomes({"one"}));
  folder_.write("a/one.yaml", "kind: [");
  folder_.write("a/two.yaml", entry("two"));
  ASSERT_TRUE(becomes({"one", "two"}));
  EXPECT_TRUE(model::has_error(catalogue_->diagnostics()));
}

}  // namespace
}  // namespace ripstop::control
