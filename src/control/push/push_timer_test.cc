#include "control/push/push_timer.h"

#include <gtest/gtest.h>

#include "net/net_testing.h"

namespace ripstop::control {
namespace {

using std::chrono::milliseconds;

class PushTimerTest : public testing::Test {
 protected:
  // Lets time pass with a change in every turn of the loop.
  void change_for(Duration duration) {
    const TimePoint end = Clock::now() + duration;
    while (Clock::now() < end) {
      timer_.trigger();
      reactor_.run_once(milliseconds(1));
    }
  }

  runtime::Reactor reactor_;
  int pushes_ = 0;
  PushTimer timer_{{.quiet = milliseconds(15), .longest = milliseconds(60)}, [this] { ++pushes_; }};
};

TEST_F(PushTimerTest, ManyChangesAreOnePush) {
  for (int i = 0; i < 100; ++i) timer_.trigger();
  EXPECT_EQ(pushes_, 0) << "never inside the change itself";
  ASSERT_TRUE(net::testing::run_until(reactor_, [&] { return pushes_ != 0; }));
  EXPECT_EQ(pushes_, 1);
  EXPECT_FALSE(timer_.is_due());
  timer_.trigger();
  ASSERT_TRUE(net::testing::run_until(reactor_, [&] { return pushes_ == 2; }));
}

TEST_F(PushTimerTest, ChangesWithoutEndDoNotPutAPushOffForEver) {
  change_for(milliseconds(200));
  EXPECT_GE(pushes_, 1);
  EXPECT_LE(pushes_, 4) << "no push comes earlier than it must while changes go on";
}

}  // namespace
}  // namespace ripstop::control
