#include "proxy/listener/accept_pace.h"

#include <gtest/gtest.h>

namespace ripstop::proxy {
namespace {

// Calls of accept() that one turn makes of a queue of `waiting`, taking what it accepts out of it.
uint32_t turn(AcceptPace& pace, uint32_t& waiting) {
  for (uint32_t calls = 1;; ++calls) {
    if (waiting == 0) {
      pace.found_none();
      return calls;
    }
    --waiting;
    if (!pace.may_go_on()) return calls;
  }
}

TEST(AcceptPace, HardlyEverAsksInVainWhereConnectionsComeOneByOne) {
  AcceptPace pace;
  uint32_t calls = 0;
  for (int i = 0; i < 90; ++i) {
    uint32_t waiting = 1;
    calls += turn(pace, waiting);
  }
  EXPECT_EQ(calls, 100U);
}

TEST(AcceptPace, TakesADeepQueueInEverLargerPortions) {
  AcceptPace pace;
  uint32_t waiting = 4096;
  int turns = 0;
  for (; waiting > 0; ++turns) static_cast<void>(turn(pace, waiting));
  EXPECT_LT(turns, 120);
}

TEST(AcceptPace, TakesWhatComesTogetherTogether) {
  AcceptPace pace;
  uint32_t waiting = 0;
  uint32_t calls = 0;
  for (int i = 0; i < 180; ++i) {
    if (i == 100) calls = 0;
    waiting += 5;
    calls += turn(pace, waiting);
  }
  EXPECT_LE(waiting, 5U);
  EXPECT_LE(calls, 80U * 6U);
}

}  // namespace
}  // namespace ripstop::proxy
