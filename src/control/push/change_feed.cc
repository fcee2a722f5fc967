#include "control/push/change_feed.h"

#include <algorithm>
#include <vector>

namespace ripstop::control {

ChangeFeed::Listener::Listener(ChangeFeed& feed) : feed_(feed) {
  feed_.listeners_.push_back(this);
}

ChangeFeed::Listener::~Listener() {
  feed_.listeners_.remove(this);
}

void ChangeFeed::announce() {
  // Whoever is resumed may end, and end others.
  const std::vector<Listener*> present(listeners_.begin(), listeners_.end());
  for (Listener* listener : present) {
    if (std::ranges::find(listeners_, listener) != listeners_.end()) listener->changed_.set();
  }
}

void ChangeFeed::close() {
  is_closed_ = true;
  announce();
}

}  // namespace ripstop::control
