#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/random.h"
#include "control/store/store.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

constexpr int kRounds = 60;
constexpr uint32_t kKeys = 5;
constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

Resource cell(uint32_t key, const std::string& value) {
  return {.key = {"", "Cell", "ns", std::to_string(key)}, .text = value};
}

// Every batch writes one number into all cells, so a torn batch shows as two different numbers. Texts of growing
// length make pages split and the write-ahead log reach its checkpoints.
[[noreturn]] void write_until_killed(const std::string& path, uint64_t first, int acknowledgements) {
  Result<Store> store = Store::open(path);
  if (!store) _exit(3);
  for (uint64_t number = first;; ++number) {
    Batch batch;
    const std::string value = std::to_string(number) + " " + std::string(number * 37 % 9000, 'x');
    for (uint32_t key = 0; key < kKeys; ++key) batch.put.push_back(cell(key, value));
    batch.put_workloads.push_back({.id = "w", .name = std::to_string(number), .identity = {"td", "ns", "sa"}});
    if (!store->apply(batch, kNow)) _exit(4);
    if (::write(acknowledgements, &number, sizeof number) != sizeof number) _exit(5);
  }
}

// Waits for `wanted` acknowledgements, then for a moment measured in turns of a loop, kills, and returns the last
// number that was acknowledged.
uint64_t run_and_kill(const std::string& path, uint64_t first, Random& random) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, first, ends[1]);
  }
  ::close(ends[1]);
  uint64_t last = first - 1;
  for (uint64_t wanted = random.below(30); wanted > 0; --wanted) {
    if (::read(ends[0], &last, sizeof last) != sizeof last) break;
  }
  for (volatile uint64_t turns = random.below(3'000'000); turns > 0; turns = turns - 1) {
  }
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  while (::read(ends[0], &last, sizeof last) == sizeof last) {
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself with status " << WEXITSTATUS(status);
  return last;
}

uint64_t number_of(const std::string& text) {
  return std::stoull(text.substr(0, text.find(' ')));
}

TEST(StoreUnderKill, KeepsEveryAcknowledgedBatchAndTearsNone) {
  const TemporaryFolder folder;
  const std::string path = folder / "mesh.db";
  Random random(20'240'607);
  uint64_t next = 1;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t acknowledged = run_and_kill(path, next, random);
    Result<Store> store = Store::open(path);
    ASSERT_TRUE(store) << store.error().message;
    const auto cells = store->list();
    ASSERT_TRUE(cells);
    const uint64_t found = cells->resources.empty() ? 0 : number_of(cells->resources.front().text);
    ASSERT_GE(found, acknowledged) << "an acknowledged batch is lost";
    ASSERT_LE(found, acknowledged + 1) << "at most one batch was under way";
    if (found == 0) continue;
    ASSERT_EQ(cells->resources.size(), kKeys);
    for (const Resource& resource : cells->resources) EXPECT_EQ(number_of(resource.text), found) << "a torn batch";
    ASSERT_EQ(store->workloads()->size(), 1U);
    EXPECT_EQ(store->workloads()->front().name, std::to_string(found));
    EXPECT_EQ(store->revision(), found);
    next = found + 1;
  }
  EXPECT_GT(next, static_cast<uint64_t>(kRounds)) << "the writers must have made progress between the kills";
}

}  // namespace
}  // namespace ripstop::control
