#include "control/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "control/testing/temporary_folder.h"
#include "runtime/file.h"

namespace ripstop::control {
namespace {

using testing::HasSubstr;

unsigned mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

TEST(HomeFolder, IsMadeWithItsParentsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::string path = folder / "state/ripstop";
  const auto home = HomeFolder::take(path + "/");
  ASSERT_TRUE(home) << home.error().message;
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(home->database(), path + "/mesh.db");
}

TEST(HomeFolder, BelongsToOneControlPlaneAtATime) {
  const TemporaryFolder folder;
  {
    const auto first = HomeFolder::take(folder / "home");
    ASSERT_TRUE(first);
    const auto second = HomeFolder::take(folder / "home");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
    EXPECT_THAT(second.error().message, HasSubstr("already runs on " + (folder / "home")));
  }
  EXPECT_TRUE(HomeFolder::take(folder / "home")) << "the lock goes with its holder";
}

TEST(HomeFolder, KeepsOneTokenThatOnlyItsOwnerCanRead) {
  const TemporaryFolder folder;
  const auto home = HomeFolder::take(folder / "home");
  const auto token = home->token();
  ASSERT_TRUE(token);
  EXPECT_EQ(token->size(), 64U);
  EXPECT_EQ(*home->token(), *token);
  EXPECT_EQ(mode_of(folder / "home/api.token"), 0600U);
  const TemporaryFolder elsewhere;
  EXPECT_NE(*HomeFolder::take(elsewhere / "home")->token(), *token);
}

TEST(HomeFolder, SaysWhereTheControlPlaneIsWhileItRuns) {
  const TemporaryFolder folder;
  const auto home = HomeFolder::take(folder / "home");
  const SocketAddress xds{IpAddress::loopback_v4(), 1};
  ASSERT_TRUE(home->announce({.xds = xds, .api = {IpAddress::loopback_v4(), 2}, .trust_domain = "td", .mesh_id = "m"}));
  const std::string file = folder / "home/control.json";
  EXPECT_EQ(mode_of(file), 0600U);
  const auto said = nlohmann::json::parse(*runtime::read_file(file));
  EXPECT_EQ(said["pid"], ::getpid());
  EXPECT_EQ(said["xds_address"], "127.0.0.1:1");
  EXPECT_EQ(said["api_address"], "127.0.0.1:2");
  EXPECT_EQ(said["token_file"], folder / "home/api.token");
  home->withdraw();
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(HomeFolder, NamesWhatIsInTheWay) {
  const TemporaryFolder folder;
  folder.write("file", "");
  EXPECT_THAT(HomeFolder::take(folder / "file").error().message, HasSubstr("is not a folder"));
  EXPECT_THAT(HomeFolder::take(folder / "file/home").error().message, HasSubstr(folder / "file"));
  EXPECT_FALSE(HomeFolder::take(""));
  std::filesystem::create_directory(folder / "open");
  std::filesystem::permissions(folder / "open", std::filesystem::perms(0755));
  EXPECT_THAT(HomeFolder::take(folder / "open").error().message, HasSubstr("chmod 700"));
}

}  // namespace
}  // namespace ripstop::control
