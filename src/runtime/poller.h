// The narrow interface to the kernel's readiness notification. epoll is the reference implementation.
#pragma once

#include <cstddef>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "runtime/event.h"

namespace ripstop::runtime {

// Readiness of one descriptor, edge-triggered: the events are set when the kernel says so and cleared by whoever found
// the descriptor drained (EAGAIN, or a transfer shorter than asked for). Both start set: try first, wait afterwards.
// The kernel is asked about writability only once a write did not go through: it would otherwise report a descriptor as
// writable after every read that had already taken what there was.
struct IoSource {
  Event readable{true};
  Event writable{true};
  bool watches_writable = false;
  // The peer closed its side or the descriptor failed: a short read must not be taken for a drained descriptor.
  bool has_hung_up = false;
  // Set before add(): readable is set anew in every turn in which there is something to read, drained or not.
  bool is_level_triggered = false;
};

class Poller {
 public:
  virtual ~Poller() = default;
  // `source` must stay where it is until remove(). One registration per descriptor, none per request.
  virtual Status add(int fd, IoSource& source) = 0;
  // `source` is writable only when the event says so again. Tells at once when it is by now.
  virtual void watch_writable(int fd, IoSource& source) = 0;
  // Safe at any time, also from inside the dispatch of another descriptor's event.
  virtual void remove(int fd, IoSource& source) = 0;
  // The same without a system call, for a descriptor that is closed next and whose open file no other descriptor, of
  // this process or of a child, refers to.
  virtual void forget(IoSource& source) = 0;
  // Waits until something is ready or `timeout` has passed (zero: only look; negative: for ever). Gives the number of
  // descriptors found ready.
  virtual size_t wait(Duration timeout) = 0;
  // Sets the events of what the last wait() found ready.
  virtual void dispatch() = 0;
};

[[nodiscard]] std::unique_ptr<Poller> make_epoll_poller();

}  // namespace ripstop::runtime
