#include "load/drive/pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace ripstop::load {
namespace {

class Recorder : public Slot {
 public:
  void begin(int64_t intended) override { begun.push_back(intended); }
  std::vector<int64_t> begun;
};

TEST(Pace, ClosedLoopSendsAgainWithTheAnswer) {
  Pace pace = Pace::closed();
  Recorder slot;
  pace.join(slot);
  EXPECT_TRUE(slot.begun.empty());
  EXPECT_EQ(pace.dispatch(10), std::nullopt);
  pace.release(slot, 25);
  EXPECT_EQ(slot.begun, (std::vector<int64_t>{10, 25}));
  pace.stop();
  pace.release(slot, 30);
  EXPECT_EQ(slot.begun.size(), 2U);
}

TEST(Pace, OpenLoopKeepsItsTimeTableWhenAnswersAreLate) {
  Pace pace = Pace::open(1e6, 5000);  // every 1000 ns
  Recorder slot;
  pace.join(slot);
  EXPECT_EQ(pace.dispatch(4500), 500);
  EXPECT_EQ(pace.dispatch(5000), std::nullopt);
  pace.release(slot, 8200);
  EXPECT_EQ(pace.dispatch(8200), std::nullopt);
  EXPECT_EQ(slot.begun, (std::vector<int64_t>{5000, 6000})) << "the second was due long before it could be sent";
  pace.release(slot, 8300);
  pace.dispatch(8300);
  pace.release(slot, 8400);
  pace.dispatch(8400);
  pace.release(slot, 8500);
  EXPECT_EQ(pace.dispatch(8500), 500) << "caught up";
}

TEST(Pace, OpenLoopTakesTurnsBetweenSlots) {
  Pace pace = Pace::open(1e9, 0);
  Recorder one;
  Recorder two;
  pace.join(one);
  pace.join(two);
  pace.dispatch(0);
  pace.release(one, 0);
  pace.dispatch(1);
  EXPECT_EQ(one.begun, std::vector<int64_t>{0});
  EXPECT_EQ(two.begun, std::vector<int64_t>{1});
}

TEST(Pace, CountsWhatIsDueInAWindow) {
  const Pace pace = Pace::open(5000, 1'000'000);
  EXPECT_EQ(pace.due_between(1'000'000, 1'001'000'000), 5000U);
  EXPECT_EQ(pace.due_between(1'000'001, 1'200'000), 0U);
  EXPECT_EQ(pace.due_between(1'000'001, 1'200'001), 1U);
  EXPECT_EQ(Pace::closed().due_between(0, 1'000'000), 0U);
}

TEST(Pace, OnceLimitsWhatIsUnderWayAndNeverRepeats) {
  Pace pace = Pace::once(2);
  std::vector<Recorder> slots(3);
  for (Recorder& slot : slots) pace.join(slot);
  pace.dispatch(1);
  EXPECT_TRUE(slots[2].begun.empty());
  pace.release(slots[0], 2);
  pace.dispatch(2);
  EXPECT_EQ(slots[2].begun.size(), 1U);
  pace.retry(slots[2]);
  pace.dispatch(3);
  EXPECT_EQ(slots[2].begun.size(), 2U);
  EXPECT_EQ(pace.finished_once(), 1U);
}

}  // namespace
}  // namespace ripstop::load
