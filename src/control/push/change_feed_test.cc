#include "control/push/change_feed.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/net_testing.h"
#include "runtime/scope.h"

namespace ripstop::control {
namespace {

runtime::Task<void> count(ChangeFeed& feed, int& changes, std::optional<int>& at_end) {
  ChangeFeed::Listener listener(feed);
  while (!listener.is_over()) {
    listener.changed().clear();
    co_await listener.changed().wait();
    ++changes;
  }
  at_end = changes;
}

// Ends another one's task as soon as something has changed.
runtime::Task<void> end_other(ChangeFeed& feed, runtime::Scope& other) {
  ChangeFeed::Listener listener(feed);
  co_await listener.changed().wait();
  other.cancel();
}

TEST(ChangeFeed, EveryListenerHearsOfEveryChangeUntilItIsClosed) {
  runtime::Reactor reactor;
  ChangeFeed feed;
  int first = 0;
  int second = 0;
  std::optional<int> first_end;
  std::optional<int> second_end;
  runtime::Scope scope;
  scope.spawn(count(feed, first, first_end));
  feed.announce();
  scope.spawn(count(feed, second, second_end));
  feed.announce();
  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 1);
  feed.close();
  EXPECT_EQ(first_end, 3);
  EXPECT_EQ(second_end, 2);
  feed.announce();
}

TEST(ChangeFeed, AListenerMayEndAnotherWhileItIsAnnounced) {
  runtime::Reactor reactor;
  ChangeFeed feed;
  runtime::Scope ended;
  runtime::Scope ending;
  int changes = 0;
  std::optional<int> at_end;
  ending.spawn(end_other(feed, ended));
  ended.spawn(count(feed, changes, at_end));
  feed.announce();
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(ended.size(), 0U);
}

}  // namespace
}  // namespace ripstop::control
