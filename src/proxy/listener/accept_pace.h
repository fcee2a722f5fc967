// How many connections to accept in one turn of the loop, for a listening socket that tells again in the next turn when
// more are waiting: as many as lately came together, so that few calls are made only to learn that none is left.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ripstop::proxy {

class AcceptPace {
 public:
  // One was accepted. False: leave the others to the next turn.
  [[nodiscard]] bool may_go_on() {
    if (++taken_ < most_) return true;
    taken_ = 0;
    // Where every turn takes all that it may, more are probably waiting: look for them now and then.
    if (++full_turns_ >= kPatience) {
      full_turns_ = 0;
      most_ = std::min(most_ * 2, kMost);
    }
    return false;
  }
  // None was left.
  void found_none() {
    most_ = std::max<uint32_t>(taken_, 1);
    taken_ = full_turns_ = 0;
  }

 private:
  static constexpr uint32_t kMost = 64;
  static constexpr uint32_t kPatience = 8;
  uint32_t most_ = 1;
  uint32_t taken_ = 0;
  uint32_t full_turns_ = 0;
};

}  // namespace ripstop::proxy
