#include "control/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "base/hash.h"
#include "control/store/schema.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr WallTime kNow{seconds(1'700'000'000)};
constexpr StoreOptions kNoWait{.busy_wait = std::chrono::milliseconds(0)};

Resource route(const std::string& name, const std::string& text = "spec: {}") {
  return {.key = {"networking.istio.io", "VirtualService", "default", name}, .text = text, .file = "a.yaml", .line = 3};
}

model::Workload workload(const std::string& id) {
  model::Workload made;
  made.id = id;
  made.name = "reviews-v1";
  made.identity = {"cluster.local", "default", "reviews"};
  made.labels = {{"app", "reviews"}};
  made.address = "10.0.0.1";
  made.inbound[9080] = {IpAddress::loopback_v4(), 34567};
  made.port_names["http"] = 9080;
  made.locality = {"eu", "eu-1", "rack 3"};
  made.weight = 7;
  made.has_proxy = true;
  made.is_ready = false;
  made.network = "n1";
  return made;
}

class StoreTest : public testing::Test {
 protected:
  [[nodiscard]] Store open() const {
    Result<Store> store = Store::open(path_, kNoWait);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "mesh.db";
};

TEST_F(StoreTest, KeepsWhatWasAppliedWhenItIsOpenedAgain) {
  {
    Store store = open();
    const auto applied = store.apply({.put = {route("reviews", std::string("a\0b\n", 4))}}, kNow);
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->revision, 1U);
    EXPECT_EQ(applied->changes, 1U);
  }
  Store store = open();
  EXPECT_EQ(store.revision(), 1U);
  const auto found = store.get(route("reviews").key);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->text, std::string("a\0b\n", 4));
  EXPECT_EQ((*found)->file, "a.yaml");
  EXPECT_EQ((*found)->line, 3U);
  EXPECT_EQ((*found)->created, 1'700'000'000'000'000);
  EXPECT_EQ((*found)->revision, 1U);
  EXPECT_EQ((*found)->content_hash, content_hash(std::string_view("a\0b\n", 4)));
}

TEST_F(StoreTest, MakesNoRevisionWhenNothingDiffers) {
  Store store = open();
  ASSERT_TRUE(store.apply({.put = {route("reviews")}, .put_workloads = {workload("w1")}}, kNow));
  const auto again = store.apply({.put = {route("reviews")},
                                  .remove = {route("absent").key},
                                  .put_workloads = {workload("w1")},
                                  .remove_workloads = {"absent"}},
                                 kNow + seconds(9));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->revision, 1U);
  EXPECT_EQ(again->changes, 0U);
}

TEST_F(StoreTest, AppliesABatchWhollyOrNotAtAll) {
  Store store = open();
  ASSERT_TRUE(store.apply({.put = {route("old")}}, kNow));
  Resource stale = route("old", "new text");
  stale.revision = 99;
  const auto refused = store.apply({.put = {route("a"), stale}, .remove = {}, .put_workloads = {workload("w")}}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(store.revision(), 1U);
  EXPECT_EQ(store.list()->resources.size(), 1U);
  EXPECT_TRUE(store.workloads()->empty());
}

TEST_F(StoreTest, AcceptsAnEditOfTheRevisionThatIsStored) {
  Store store = open();
  ASSERT_TRUE(store.apply({.put = {route("a")}}, kNow));
  Resource edit = route("a", "second");
  edit.revision = 1;
  ASSERT_TRUE(store.apply({.put = {edit}}, kNow + seconds(5)));
  EXPECT_EQ((*store.get(edit.key))->created, 1'700'000'000'000'000) << "an update keeps the time of creation";
  edit.text = "third";
  EXPECT_FALSE(store.apply({.put = {edit}}, kNow)) << "revision 1 is no longer the stored one";
}

TEST_F(StoreTest, RefusesResourcesThatAreNamelessOrTooLarge) {
  Store store = open();
  EXPECT_EQ(store.apply({.put = {route("")}}, kNow).error().code, ErrorCode::kInvalidArgument);
  const auto large = store.apply({.put = {route("a", std::string((1U << 20U) + 1, 'x'))}}, kNow);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
}

TEST_F(StoreTest, ListsByFilterInOrder) {
  Store store = open();
  Resource entry{.key = {"networking.istio.io", "ServiceEntry", "prod", "db"}, .text = "x"};
  ASSERT_TRUE(store.apply({.put = {route("b"), route("a"), entry}}, kNow));
  const auto all = store.list();
  ASSERT_EQ(all->resources.size(), 3U);
  EXPECT_EQ(all->resources[0].key, entry.key);
  EXPECT_EQ(all->resources[1].key.name, "a");
  EXPECT_EQ(store.list({.group = {}, .kind = "VirtualService", .ns = {}})->resources.size(), 2U);
  EXPECT_EQ(store.list({.group = {}, .kind = {}, .ns = "prod"})->resources.size(), 1U);
  EXPECT_TRUE(store.list({.group = {}, .kind = "VirtualService", .ns = "prod"})->resources.empty());
}

TEST_F(StoreTest, KeepsEveryFieldOfAWorkload) {
  {
    ASSERT_TRUE(open().apply({.put_workloads = {workload("w1")}}, kNow));
  }
  Store store = open();
  const auto workloads = store.workloads();
  ASSERT_TRUE(workloads);
  ASSERT_EQ(workloads->size(), 1U);
  const model::Workload expected = workload("w1");
  const model::Workload& kept = workloads->front();
  EXPECT_EQ(kept.id, expected.id);
  EXPECT_EQ(kept.name, expected.name);
  EXPECT_EQ(kept.identity, expected.identity);
  EXPECT_EQ(kept.labels, expected.labels);
  EXPECT_EQ(kept.address, expected.address);
  EXPECT_EQ(kept.inbound, expected.inbound);
  EXPECT_EQ(kept.port_names, expected.port_names);
  EXPECT_EQ(kept.locality, expected.locality);
  EXPECT_EQ(kept.weight, expected.weight);
  EXPECT_EQ(kept.has_proxy, expected.has_proxy);
  EXPECT_EQ(kept.is_ready, expected.is_ready);
  EXPECT_EQ(kept.network, expected.network);
}

TEST_F(StoreTest, TellsWhatChangedSinceARevision) {
  Store store = open();
  ASSERT_TRUE(store.apply({.put = {route("a"), route("b")}, .put_workloads = {workload("w")}}, kNow));  // 1
  ASSERT_TRUE(store.apply({.put = {route("a", "second")}}, kNow));                                      // 2
  ASSERT_TRUE(store.apply({.remove = {route("b").key}, .remove_workloads = {"w"}}, kNow));              // 3
  ASSERT_TRUE(store.apply({.put = {route("b", "back")}}, kNow));                                        // 4

  const auto changes = store.changes_since(1);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 3U);
  EXPECT_EQ((*changes)[0].revision, 2U);
  EXPECT_EQ(std::get<Resource>((*changes)[0].what).text, "second");
  EXPECT_EQ((*changes)[1].revision, 3U);
  EXPECT_EQ(std::get<Change::RemovedWorkload>((*changes)[1].what).id, "w");
  EXPECT_EQ((*changes)[2].revision, 4U);
  EXPECT_EQ(std::get<Resource>((*changes)[2].what).text, "back") << "its tombstone is gone";
  EXPECT_TRUE(store.changes_since(4)->empty());
}

TEST_F(StoreTest, SendsAWatcherBackToListWhenDeletionsAreCompacted) {
  Store store = open();
  ASSERT_TRUE(store.apply({.put = {route("a"), route("b")}}, kNow));
  ASSERT_TRUE(store.apply({.remove = {route("a").key}}, kNow));
  ASSERT_TRUE(store.apply({.remove = {route("b").key}}, kNow));
  ASSERT_TRUE(store.compact(2));
  EXPECT_EQ(store.changes_since(1).error().code, ErrorCode::kNotFound);
  ASSERT_EQ(store.changes_since(2)->size(), 1U);
  EXPECT_EQ(std::get<Change::RemovedResource>(store.changes_since(2)->front().what).key.name, "b");
  EXPECT_EQ(store.changes_since(4).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(StoreTest, KeepsABoundedNumberOfDeletions) {
  Result<Store> opened = Store::open(path_, {.busy_wait = {}, .max_tombstones = 3});
  ASSERT_TRUE(opened);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(opened->apply({.put = {route("r" + std::to_string(i))}}, kNow));
    ASSERT_TRUE(opened->apply({.remove = {route("r" + std::to_string(i)).key}}, kNow));
  }
  EXPECT_FALSE(opened->changes_since(5));
  EXPECT_EQ(opened->changes_since(6)->size(), 3U);
}

TEST_F(StoreTest, KeepsSettings) {
  {
    Store store = open();
    EXPECT_EQ(*store.setting("mesh-id"), std::nullopt);
    ASSERT_TRUE(store.set_setting("mesh-id", "first"));
    ASSERT_TRUE(store.set_setting("mesh-id", "second"));
  }
  EXPECT_EQ(*open().setting("mesh-id"), "second");
}

TEST_F(StoreTest, IsPrivateEvenWhenTheFileWasNot) {
  folder_.write("mesh.db", "");
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  Store store = open();
  for (const std::string& file : {path_, path_ + "-wal"}) {
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0) << file;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
}

TEST_F(StoreTest, BelongsToOneOwnerAtATime) {
  Store store = open();
  const auto second = Store::open(path_, kNoWait);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("stop the other control plane"));
}

TEST_F(StoreTest, SaysWhatToDoAboutAFileThatIsNoDatabase) {
  folder_.write("mesh.db",
                "this was once a database, I think, but somebody wrote a letter over it " + std::string(4096, '!'));
  const auto opened = Store::open(path_, kNoWait);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("restore it from a backup"));
}

TEST_F(StoreTest, SaysWhatToDoAboutADamagedPage) {
  {
    Store store = open();
    for (int i = 0; i < 50; ++i)
      ASSERT_TRUE(store.apply({.put = {route("r" + std::to_string(i), std::string(3000, 'x'))}}, kNow));
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (const int page : {3, 4, 5, 6, 9, 20}) {
      file.seekp(page * 4096);
      file << std::string(600, '\x5A');
    }
  }
  const auto opened = Store::open(path_, kNoWait);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("damaged"));
}

TEST_F(StoreTest, RefusesAFileOfANewerVersionAndLeavesItAlone) {
  {
    ASSERT_TRUE(open().apply({.put = {route("a")}}, kNow));
  }
  {
    auto database = Database::open(path_, {});
    ASSERT_TRUE((*database)->execute("pragma user_version = 900"));
  }
  const auto opened = Store::open(path_, kNoWait);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("newer Ripstop"));
  auto database = Database::open(path_, {});
  EXPECT_EQ(*(*database)->integer("select count(*) from resource"), 1);
}

TEST_F(StoreTest, RefusesADatabaseOfAnotherProgram) {
  {
    auto database = Database::open(path_, {});
    ASSERT_TRUE((*database)->execute("create table theirs (x)"));
  }
  EXPECT_THAT(Store::open(path_, kNoWait).error().message, HasSubstr("another program"));
}

TEST_F(StoreTest, NamesTheFolderThatIsMissing) {
  const auto opened = Store::open(folder_ / "absent/mesh.db", kNoWait);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("absent/mesh.db"));
}

TEST_F(StoreTest, MigratesStepByStepAndUndoesAStepThatFails) {
  auto database = Database::open(path_, {});
  ASSERT_TRUE(database);
  const std::array<Migration, 1> first = {"create table t (a); insert into t values (1);"};
  ASSERT_TRUE(migrate(**database, first));
  const std::array<Migration, 2> broken = {first[0], "update t set a = 2; insert into absent values (1);"};
  EXPECT_FALSE(migrate(**database, broken));
  EXPECT_EQ(*(*database)->integer("select a from t"), 1);
  const std::array<Migration, 3> good = {first[0], "update t set a = 2;", "update t set a = a * 10;"};
  ASSERT_TRUE(migrate(**database, good));
  ASSERT_TRUE(migrate(**database, good)) << "a second time changes nothing";
  EXPECT_EQ(*(*database)->integer("select a from t"), 20);
  EXPECT_EQ(*(*database)->integer("pragma user_version"), 3);
}

}  // namespace
}  // namespace ripstop::control
