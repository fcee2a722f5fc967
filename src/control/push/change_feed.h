// Tells everyone who waits that the mesh may have changed; what has changed they find in the store.
#pragma once

#include <list>

#include "runtime/event.h"

namespace ripstop::control {

// One thread. Listeners must not outlive the feed.
class ChangeFeed {
 public:
  class Listener {
   public:
    explicit Listener(ChangeFeed& feed);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    // To be awaited, and cleared before looking at the store.
    [[nodiscard]] runtime::Event& changed() { return changed_; }
    // No more will come: the control plane is stopping.
    [[nodiscard]] bool is_over() const { return feed_.is_closed_; }

   private:
    friend class ChangeFeed;
    ChangeFeed& feed_;
    runtime::Event changed_;
  };

  // Resumes those who wait, inside this call.
  void announce();
  // The same, for the last time.
  void close();

 private:
  std::list<Listener*> listeners_;
  bool is_closed_ = false;
};

}  // namespace ripstop::control
