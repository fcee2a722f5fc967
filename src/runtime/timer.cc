#include "runtime/timer.h"

#include <algorithm>
#include <bit>

namespace ripstop::runtime {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(1);

}  // namespace

void Timer::arm(TimerWheel& wheel, TimePoint deadline) {
  disarm();
  if (deadline == kNever) return;
  const Duration until = deadline - wheel.start_;
  const auto ticks = until <= Duration::zero() ? 0 : (until + kTick - Duration(1)) / kTick;
  tick_ = std::max<uint64_t>(static_cast<uint64_t>(ticks), wheel.tick_ + 1);
  wheel_ = &wheel;
  wheel.insert(*this);
}

void Timer::disarm() {
  if (wheel_ == nullptr) return;
  wheel_->unlink(*this);
  wheel_ = nullptr;
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {}

TimerWheel::~TimerWheel() {
  for (Timer* head : slots_) {
    while (head != nullptr) {
      Timer* next = head->next_;
      head->wheel_ = nullptr;
      head = next;
    }
  }
}

// The level is the highest group of slot bits in which the tick differs from now, so that a slot of level L is emptied
// exactly when the lower levels come round to it.
void TimerWheel::insert(Timer& timer) {
  const uint64_t differing = timer.tick_ ^ tick_;
  unsigned level = differing == 0 ? 0 : (std::bit_width(differing) - 1) / kSlotBits;
  uint64_t tick = timer.tick_;
  if (level >= kLevels) {
    level = kLevels - 1;
    tick = tick_ + (uint64_t{kSlots - 1} << (kSlotBits * level));  // beyond 49 days: looked at again then
  }
  const unsigned slot = level * kSlots + ((tick >> (kSlotBits * level)) & (kSlots - 1));
  timer.slot_ = static_cast<uint16_t>(slot);
  timer.next_ = slots_[slot];
  timer.link_ = &slots_[slot];
  if (timer.next_ != nullptr) timer.next_->link_ = &timer.next_;
  slots_[slot] = &timer;
  occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void TimerWheel::unlink(Timer& timer) {
  *timer.link_ = timer.next_;
  if (timer.next_ != nullptr) timer.next_->link_ = timer.link_;
  const unsigned slot = timer.slot_;
  if (slots_[slot] == nullptr) occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

void TimerWheel::cascade(unsigned level) {
  const unsigned slot = level * kSlots + ((tick_ >> (kSlotBits * level)) & (kSlots - 1));
  while (slots_[slot] != nullptr) {
    Timer& timer = *slots_[slot];
    unlink(timer);
    insert(timer);
  }
}

int TimerWheel::next_slot(unsigned level, unsigned from) const {
  const unsigned first = level * kSlots;
  for (unsigned slot = from; slot < kSlots;) {
    const uint64_t word = occupied_[(first + slot) / 64] >> ((first + slot) % 64);
    if (word != 0) return static_cast<int>(slot + std::countr_zero(word));
    slot = (slot / 64 + 1) * 64;
  }
  return -1;
}

// The next tick at which a slot of any level comes up; UINT64_MAX when none.
uint64_t TimerWheel::next_tick() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    const unsigned shift = kSlotBits * level;
    const unsigned current = (tick_ >> shift) & (kSlots - 1);
    const uint64_t round = tick_ >> (shift + kSlotBits) << (shift + kSlotBits);
    if (const int slot = next_slot(level, current + 1); slot >= 0) {
      return round + (static_cast<uint64_t>(slot) << shift);
    }
    // Only the top level wraps round: below it, a later round is a slot of the level above.
    if (level + 1 < kLevels) continue;
    if (const int slot = next_slot(level, 0); slot >= 0) {
      return round + ((uint64_t{kSlots} + static_cast<uint64_t>(slot)) << shift);
    }
  }
  return UINT64_MAX;
}

void TimerWheel::advance(TimePoint now) {
  const Duration since = now - start_;
  if (since < Duration::zero()) return;
  const auto target = static_cast<uint64_t>(since / kTick);
  while (tick_ < target) {
    const uint64_t next = next_tick();
    if (next > target) {
      tick_ = target;
      return;
    }
    tick_ = next;
    for (unsigned level = kLevels - 1; level > 0; --level) {
      const bool comes_up = (tick_ & ((uint64_t{1} << (kSlotBits * level)) - 1)) == 0;
      if (comes_up) cascade(level);
    }
    const unsigned slot = tick_ & (kSlots - 1);
    while (slots_[slot] != nullptr) {
      Timer& timer = *slots_[slot];
      unlink(timer);
      timer.wheel_ = nullptr;
      timer.on_timer();
    }
  }
}

TimePoint TimerWheel::next() const {
  const uint64_t tick = next_tick();
  if (tick == UINT64_MAX) return kNever;
  return start_ + kTick * tick;
}

}  // namespace ripstop::runtime
