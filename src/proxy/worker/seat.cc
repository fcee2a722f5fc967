#include "proxy/worker/seat.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

// Among so many of the oldest; who is busy for so long may be so for ever, and looking must not cost much.
constexpr int kLooksForRoom = 64;

// An update of a listener leaves the connections of those filter chains alone that it does not change.
bool has_chain(const ListenerSettings& listener, const model::FilterChain& wanted) {
  const auto is_same = [&wanted](const ChainRef& chain) { return chain && *chain->model == wanted; };
  return is_same(listener.default_chain) || std::ranges::any_of(listener.chains, is_same);
}

}  // namespace

Worker::Place::Place(Worker& worker, model::Direction direction) : worker_(worker), direction_(direction) {
  next_ = worker_.first_place_;
  (next_ == nullptr ? worker_.last_place_ : next_->previous_) = this;
  worker_.first_place_ = this;
  ++worker_.places_;
  worker_.counters_.connections.add(1);
  if (direction == model::Direction::kInbound) ++worker_.inbound_places_;
  is_draining_ = worker_.is_draining(direction);
}

Worker::Place::~Place() {
  (previous_ == nullptr ? worker_.first_place_ : previous_->next_) = next_;
  (next_ == nullptr ? worker_.last_place_ : next_->previous_) = previous_;
  worker_.counters_.connections.add(-1);
  if (direction_ == model::Direction::kInbound && --worker_.inbound_places_ == 0) worker_.inbound_emptied_.set();
  if (--worker_.places_ == 0) worker_.emptied_.set();
}

void Worker::Place::follow() {
  follows_ = true;
  // The listener may have been replaced while the first bytes were waited for.
  const ListenerRef now = worker_.listeners_.find(facts_.listener->model->name);
  if (now == facts_.listener || (now && has_chain(*now, *facts_.chain->model))) return;
  cut_at_ = worker_.reactor_.now() + worker_.drain_time_;
  worker_.housekeeping_.spawn(worker_.cut_at(cut_at_));
  tell_retire();
}

void Worker::Place::tell_drain() {
  is_draining_ = true;
  seat_ == nullptr ? leave() : seat_->drain_.set();
}

void Worker::Place::tell_retire() {
  is_retired_ = true;
  if (seat_ != nullptr) seat_->retire_.set();
}

void Worker::Place::tell_cut() {
  is_cut_ = true;
  seat_ == nullptr ? leave() : seat_->cut_.set();
}

Worker::Seat::Seat(Place& place)
    : place_(place), drain_(place.is_draining_), retire_(place.is_retired_), cut_(place.is_cut_) {
  place_.seat_ = this;
}

// Telling a connection may end it and with it its place, so the next one is looked up first; later places are only
// touched by their own connections.
void Worker::retire_replaced(const std::string& name) {
  const ListenerRef now = listeners_.find(name);
  std::unordered_map<const ChainSettings*, bool> lives_on;
  bool must_cut = false;
  const TimePoint deadline = reactor_.now() + drain_time_;
  for (Place *place = first_place_, *next = nullptr; place != nullptr; place = next) {
    next = place->next_;
    if (!place->follows_ || place->cut_at_ != kNever || place->facts_.listener->model->name != name) continue;
    const auto [judged, is_new] = lives_on.try_emplace(place->facts_.chain.get(), false);
    if (is_new) judged->second = now && has_chain(*now, *place->facts_.chain->model);
    if (judged->second) continue;
    must_cut = true;
    place->cut_at_ = deadline;
    place->tell_retire();
  }
  if (must_cut) housekeeping_.spawn(cut_at(deadline));
}

runtime::Task<void> Worker::cut_at(TimePoint deadline) {
  co_await runtime::sleep_until(deadline);
  for (Place *place = first_place_, *next = nullptr; place != nullptr; place = next) {
    next = place->next_;
    if (place->cut_at_ <= deadline) place->tell_cut();
  }
}

// A connection on which nothing is under way gives way to a new one.
bool Worker::make_room() {
  Place* least = nullptr;
  int looks = 0;
  for (Place* place = last_place_; place != nullptr && looks < kLooksForRoom; place = place->previous_, ++looks) {
    if (place->seat_ != nullptr) continue;
    if (least == nullptr || place->claim() < least->claim()) least = place;
  }
  if (least == nullptr) return false;
  counters_.gave_way.add();
  least->leave();
  return true;
}

void Worker::tell_drain() {
  for (Place *place = first_place_, *next = nullptr; place != nullptr; place = next) {
    next = place->next_;
    if (is_draining(place->direction_)) place->tell_drain();
  }
}

void Worker::end_connections() {
  connections_.cancel();
  for (Place *place = first_place_, *next = nullptr; place != nullptr; place = next) {
    next = place->next_;
    place->leave();
  }
}

void Worker::tick() {
  for (const Place* place = first_place_; place != nullptr; place = place->next_) {
    if (place->seat_ != nullptr && place->seat_->observer_ != nullptr) place->seat_->observer_->on_tick();
  }
}

// Connections that are being drained may still have a request that was sent before they were.
runtime::Task<void> Worker::forget_routes(ByName<RoutesRef> gone) {
  co_await runtime::sleep_for(drain_time_);
  for (const auto& [name, routes] : gone) {
    const auto found = routes_.find(name);
    if (found != routes_.end() && found->second == routes) routes_.erase(found);
  }
}

}  // namespace ripstop::proxy
