#include "control/intake/directory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Files = std::map<std::string, std::string>;

constexpr int kPatienceMilliseconds = 10'000;  // only a failing test waits so long

class DirectoryWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(root_);
    watch_ = DirectoryWatch::open(root_, {.settle = Duration::zero(), .max_delay = std::chrono::hours(1)});
    ASSERT_TRUE(watch_);
  }

  // What the watch gives next, with paths below the root.
  Files next() {
    while (true) {
      pollfd wait{.fd = watch_->fd(), .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, kPatienceMilliseconds) != 1) {
        ADD_FAILURE() << "no change was noticed";
        return {};
      }
      auto drained = watch_->drain(TimePoint{});
      if (!drained) return {{"error", drained.error().message}};
      if (drained->has_value()) return files(**drained);
    }
  }

  // All events that are there now are worked off without giving anything.
  bool is_quiet() {
    pollfd wait{.fd = watch_->fd(), .events = POLLIN, .revents = 0};
    while (::poll(&wait, 1, 0) == 1) {
      auto drained = watch_->drain(TimePoint{});
      if (!drained || drained->has_value()) return false;
    }
    return true;
  }

  [[nodiscard]] Files files(const FolderContent& content) const {
    Files found;
    for (const FolderFile& file : content.files) {
      EXPECT_TRUE(file.path.starts_with(root_ + "/")) << file.path;
      found[file.path.substr(root_.size() + 1)] = file.complaint ? "complaint: " + *file.complaint : file.bytes;
    }
    return found;
  }

  void write(const std::string& name, const std::string& bytes) { folder_.write("mesh.d/" + name, bytes); }

  TemporaryFolder folder_;
  std::string root_ = folder_ / "mesh.d";
  Result<DirectoryWatch> watch_ = fail(ErrorCode::kInternal, "not open");
};

TEST_F(DirectoryWatchTest, GivesWhatIsThereFirstAndThenWhatChanges) {
  write("a.yaml", "1");
  EXPECT_EQ(next(), (Files{{"a.yaml", "1"}}));
  write("b.yml", "2");
  write("c.json", "3");
  Files seen = next();
  while (seen.size() < 3) seen = next();
  EXPECT_EQ(seen, (Files{{"a.yaml", "1"}, {"b.yml", "2"}, {"c.json", "3"}}));
  fs::remove(root_ + "/b.yml");
  EXPECT_EQ(next(), (Files{{"a.yaml", "1"}, {"c.json", "3"}}));
}

TEST_F(DirectoryWatchTest, GivesAnEmptySetForAnEmptyFolder) {
  EXPECT_EQ(next(), Files{});
}

TEST_F(DirectoryWatchTest, SeesFilesThatEditorsReplaceByRename) {
  write("a.yaml", "old");
  next();
  write(".a.yaml.swp", "new");
  EXPECT_TRUE(is_quiet()) << "hidden files are nobody's business";
  fs::rename(root_ + "/.a.yaml.swp", root_ + "/a.yaml");
  EXPECT_EQ(next(), (Files{{"a.yaml", "new"}}));
}

TEST_F(DirectoryWatchTest, FollowsNewFoldersAtAnyDepth) {
  EXPECT_EQ(next(), Files{});
  fs::create_directories(root_ + "/x/y");
  EXPECT_TRUE(is_quiet());
  write("x/y/a.yaml", "1");
  EXPECT_EQ(next(), (Files{{"x/y/a.yaml", "1"}}));
  write("x/y/a.yaml", "22");
  Files seen = next();
  while (seen["x/y/a.yaml"].empty()) seen = next();
  EXPECT_EQ(seen, (Files{{"x/y/a.yaml", "22"}}));
  fs::rename(root_ + "/x", root_ + "/z");
  EXPECT_EQ(next(), (Files{{"z/y/a.yaml", "22"}}));
}

TEST_F(DirectoryWatchTest, TakesAConfigMapThatIsExchangedByItsLink) {
  fs::create_directory(root_ + "/..v1");
  write("..v1/a.yaml", "old a");
  write("..v1/b.yaml", "old b");
  fs::create_symlink("..v1", root_ + "/..data");
  fs::create_symlink("..data/a.yaml", root_ + "/a.yaml");
  fs::create_symlink("..data/b.yaml", root_ + "/b.yaml");
  EXPECT_EQ(next(), (Files{{"a.yaml", "old a"}, {"b.yaml", "old b"}}));

  fs::create_directory(root_ + "/..v2");
  write("..v2/a.yaml", "new a");
  write("..v2/b.yaml", "new b");
  fs::create_symlink("..v2", root_ + "/..data_tmp");
  EXPECT_TRUE(is_quiet());
  fs::rename(root_ + "/..data_tmp", root_ + "/..data");
  EXPECT_EQ(next(), (Files{{"a.yaml", "new a"}, {"b.yaml", "new b"}})) << "both at once, never a mixture";
  fs::remove_all(root_ + "/..v1");
  EXPECT_TRUE(is_quiet());
}

TEST_F(DirectoryWatchTest, TakesATreeWhoseOwnPathIsExchanged) {
  fs::create_directories(folder_ / "rev1/config");
  fs::create_directories(folder_ / "rev2/config");
  folder_.write("rev1/config/a.yaml", "1");
  folder_.write("rev2/config/a.yaml", "2");
  fs::create_symlink("rev1", folder_ / "current");
  root_ = folder_ / "current/config";
  watch_ = DirectoryWatch::open(root_, {.settle = Duration::zero()});
  EXPECT_EQ(next(), (Files{{"a.yaml", "1"}}));
  fs::create_symlink("rev2", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "current");
  EXPECT_EQ(next(), (Files{{"a.yaml", "2"}}));
}

TEST_F(DirectoryWatchTest, NoticesAChangeBehindALinkThatLeadsOutOfTheFolder) {
  folder_.write("outside.yaml", "1");
  fs::create_symlink("../outside.yaml", root_ + "/a.yaml");
  EXPECT_EQ(next(), (Files{{"a.yaml", "1"}}));
  folder_.write("other.yaml", "nobody links here");
  EXPECT_TRUE(is_quiet());
  folder_.write("draft", "2");
  fs::rename(folder_ / "draft", folder_ / "outside.yaml");
  EXPECT_EQ(next(), (Files{{"a.yaml", "2"}}));
}

TEST_F(DirectoryWatchTest, IsNotCaughtByLinksThatGoRound) {
  fs::create_directory(root_ + "/sub");
  fs::create_symlink("..", root_ + "/sub/up");
  fs::create_symlink("self.yaml", root_ + "/self.yaml");
  write("sub/a.yaml", "1");
  const Files seen = next();
  EXPECT_EQ(seen.at("sub/a.yaml"), "1");
  EXPECT_THAT(seen.at("self.yaml"), HasSubstr("complaint: The file cannot be opened"));
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(DirectoryWatchTest, SaysOfAFileWhyItCannotBeRead) {
  ASSERT_EQ(::mkfifo((root_ + "/pipe.yaml").c_str(), 0600), 0);
  fs::create_symlink("absent", root_ + "/broken.yaml");
  write("good.yaml", "1");
  const Files seen = next();
  EXPECT_EQ(seen.at("good.yaml"), "1");
  EXPECT_THAT(seen.at("pipe.yaml"), HasSubstr("not a regular file"));
  EXPECT_THAT(seen.at("broken.yaml"), HasSubstr("cannot be opened"));
}

TEST_F(DirectoryWatchTest, ReportsAMissingFolderAndNoticesItsReturn) {
  write("a.yaml", "1");
  next();
  fs::rename(root_, folder_ / "away");
  EXPECT_THAT(next().at("error"), HasSubstr("check that it exists"));
  fs::rename(folder_ / "away", root_);
  EXPECT_EQ(next(), (Files{{"a.yaml", "1"}})) << "given again, although it is what was given before";
}

TEST_F(DirectoryWatchTest, GivesNothingWhenTheBytesAreTheSame) {
  write("a.yaml", "1");
  next();
  write("new", "1");
  fs::rename(root_ + "/new", root_ + "/a.yaml");
  ASSERT_EQ(::chmod((root_ + "/a.yaml").c_str(), 0600), 0);
  EXPECT_TRUE(is_quiet());
}

TEST_F(DirectoryWatchTest, KeepsItsBudgets) {
  write("a.yaml", "12345");
  write("b.yaml", "1");
  const auto open = [this](FolderLimits limits) {
    watch_ = DirectoryWatch::open(root_, {.settle = Duration::zero(), .limits = limits});
    return next();
  };
  EXPECT_THAT(open({.file_bytes = 4}).at("a.yaml"), HasSubstr("more than 4 bytes"));
  EXPECT_THAT(open({.total_bytes = 5}).at("error"), HasSubstr("more than 5 bytes"));
  EXPECT_THAT(open({.files = 1}).at("error"), HasSubstr("too many files"));
  fs::create_directories(root_ + "/1/2/3");
  EXPECT_THAT(open({.depth = 2}).at("error"), HasSubstr("too deep"));
}

TEST_F(DirectoryWatchTest, WaitsUntilTheFolderIsQuietButNotForEver) {
  constexpr TimePoint kStart{};
  watch_ = DirectoryWatch::open(root_, {.settle = std::chrono::hours(1), .max_delay = std::chrono::hours(2)});
  next();
  write("a.yaml", "1");
  EXPECT_FALSE(watch_->drain(kStart)->has_value());
  EXPECT_FALSE(watch_->drain(kStart + std::chrono::minutes(59))->has_value()) << "the settle timer has not fired";
  write("a.yaml", "2");
  EXPECT_FALSE(watch_->drain(kStart + std::chrono::minutes(119))->has_value());
  write("a.yaml", "3");
  const auto overdue = watch_->drain(kStart + std::chrono::hours(2));
  ASSERT_TRUE(overdue->has_value());
  EXPECT_EQ(files(**overdue), (Files{{"a.yaml", "3"}}));
}

}  // namespace
}  // namespace ripstop::control
