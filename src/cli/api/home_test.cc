#include "cli/api/home.h"

#include <gtest/gtest.h>

#include <string>

#include "cli/api/control_plane.h"
#include "cli/api/control_process.h"

namespace ripstop::cli {
namespace {

std::string home_of(HomeVariables variables) {
  variables.current_folder = "/here";
  const Result<Home> home = choose_home(variables);
  return home ? home->path : "error: " + home.error().message;
}

TEST(Home, IsWhatTheUserSaysElseInTheStateFolder) {
  EXPECT_EQ(home_of({.ripstop_home = "/a/b/", .state_home = "/state", .user_home = "/me"}), "/a/b");
  EXPECT_EQ(home_of({.ripstop_home = "mesh", .state_home = "/state", .user_home = "/me"}), "/here/mesh");
  EXPECT_EQ(home_of({.ripstop_home = "./x/../mesh"}), "/here/mesh");
  EXPECT_EQ(home_of({.ripstop_home = "", .state_home = "/state", .user_home = "/me"}), "/state/ripstop");
  EXPECT_EQ(home_of({.state_home = "relative", .user_home = "/me"}), "/me/.local/state/ripstop");
  EXPECT_EQ(home_of({.user_home = "/me"}), "/me/.local/state/ripstop");
}

TEST(Home, WithoutAnyPlaceTheErrorNamesTheVariable) {
  EXPECT_NE(home_of({}).find("RIPSTOP_HOME"), std::string::npos);
}

TEST(ControlFile, IsReadWithItsAddresses) {
  const Result<ControlFile> file = parse_control_file(
      R"({"pid":12,"version":"0.1.0","xds_address":"127.0.0.1:1","api_address":"127.0.0.1:2","token_file":"/t"})");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->process, 12);
  EXPECT_EQ(file->api_address.to_string(), "127.0.0.1:2");
  EXPECT_EQ(file->token_file, "/t");
}

TEST(ControlFile, BrokenOnesAreErrors) {
  for (const char* text : {"", "[]", "{", R"({"pid":1})", R"({"xds_address":"x","api_address":"127.0.0.1:2"})",
                           R"({"pid":"1","xds_address":7,"api_address":{}})"}) {
    EXPECT_FALSE(parse_control_file(text)) << text;
  }
}

TEST(ControlProcess, IsKnownByItsProgramAndItsHome) {
  const auto line = [](std::initializer_list<std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) text += std::string(word) + '\0';
    return text;
  };
  EXPECT_TRUE(names_control_plane(line({"/opt/ripstop-control", "--home", "/m", "--ready-fd", "5"}), "/m"));
  EXPECT_FALSE(names_control_plane(line({"/opt/ripstop-control", "--home", "/other"}), "/m"));
  EXPECT_FALSE(names_control_plane(line({"/bin/vi", "--home", "/m"}), "/m"));
  EXPECT_FALSE(names_control_plane(line({"/opt/ripstop-control", "--home"}), "/m"));
  EXPECT_FALSE(names_control_plane("", "/m"));
}

TEST(PercentEncoding, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("a-b_c.d~0"), "a-b_c.d~0");
  EXPECT_EQ(percent_encoded("a/b c&\xC3\xA9"), "a%2Fb%20c%26%C3%A9");
}

}  // namespace
}  // namespace ripstop::cli
