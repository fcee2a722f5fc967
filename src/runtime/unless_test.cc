#include "runtime/unless.h"

#include <gtest/gtest.h>

#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::runtime {
namespace {

struct Sentinel {
  bool& destroyed;
  ~Sentinel() { destroyed = true; }
};

Task<int> wait_and_give(Event& event, int result, bool& destroyed) {
  const Sentinel sentinel{destroyed};
  co_await event.wait();
  co_return result;
}

Task<void> run(Event& end, Task<int> task, std::optional<int>& result, bool& is_over) {
  result = co_await unless(end, std::move(task));
  is_over = true;
}

class Unless : public ::testing::Test {
 protected:
  void start() { scope_.spawn(run(end_, wait_and_give(ready_, 7, destroyed_), result_, is_over_)); }

  Reactor reactor_;
  Event ready_;
  Event end_;
  std::optional<int> result_;
  bool is_over_ = false;
  bool destroyed_ = false;
  Scope scope_;
};

TEST_F(Unless, GivesTheResultOfATaskThatWasLeftInPeace) {
  start();
  EXPECT_FALSE(is_over_);
  ready_.set();
  EXPECT_TRUE(is_over_);
  EXPECT_EQ(result_, 7);
  EXPECT_FALSE(end_.has_waiter());
}

TEST_F(Unless, CancelsTheTaskWhenTheEventIsSet) {
  start();
  end_.set();
  EXPECT_TRUE(is_over_);
  EXPECT_TRUE(destroyed_);
  EXPECT_EQ(result_, std::nullopt);
  EXPECT_FALSE(ready_.has_waiter());
}

TEST_F(Unless, DoesNotEvenBeginAfterTheEvent) {
  end_.set();
  ready_.set();
  start();
  EXPECT_TRUE(is_over_);
  EXPECT_EQ(result_, std::nullopt);
}

TEST_F(Unless, BeingCancelledItselfCancelsTheTask) {
  start();
  scope_.cancel();
  EXPECT_TRUE(destroyed_);
  EXPECT_FALSE(is_over_);
  EXPECT_FALSE(end_.has_waiter());
}

}  // namespace
}  // namespace ripstop::runtime
