#include <algorithm>
#include <unordered_map>
#include <utility>

#include "proxy/worker/worker.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

// An update of a listener leaves the connections of those filter chains alone that it does not change.
bool has_chain(const ListenerSettings& listener, const model::FilterChain& wanted) {
  const auto is_same = [&wanted](const ChainRef& chain) { return chain && *chain->model == wanted; };
  return is_same(listener.default_chain) || std::ranges::any_of(listener.chains, is_same);
}

}  // namespace

Worker::Seat::Seat(Worker& worker, model::Direction direction) : worker_(worker), direction_(direction) {
  next_ = worker_.first_seat_;
  if (next_ != nullptr) next_->previous_ = this;
  worker_.first_seat_ = this;
  worker_.counters_.connections.add(1);
  if (direction == model::Direction::kInbound) ++worker_.inbound_seats_;
  if (worker_.is_draining(direction)) drain_.set();
}

Worker::Seat::~Seat() {
  (previous_ == nullptr ? worker_.first_seat_ : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  worker_.counters_.connections.add(-1);
  if (direction_ == model::Direction::kInbound && --worker_.inbound_seats_ == 0) worker_.inbound_emptied_.set();
}

void Worker::Seat::follow(ListenerRef listener, ChainRef chain) {
  listener_ = std::move(listener);
  chain_ = std::move(chain);
  // The listener may have been replaced while the first bytes were waited for.
  const ListenerRef now = worker_.listeners_.find(listener_->model->name);
  if (now == listener_ || (now && has_chain(*now, *chain_->model))) return;
  cut_at_ = worker_.reactor_.now() + worker_.drain_time_;
  worker_.housekeeping_.spawn(worker_.cut_at(cut_at_));
  retire_.set();
}

// Setting an event may end its connection and with it its seat, so the next seat is looked up first; later seats are
// only touched by their own connections.
void Worker::retire_replaced(const std::string& name) {
  const ListenerRef now = listeners_.find(name);
  std::unordered_map<const ChainSettings*, bool> lives_on;
  bool must_cut = false;
  const TimePoint deadline = reactor_.now() + drain_time_;
  for (Seat *seat = first_seat_, *next = nullptr; seat != nullptr; seat = next) {
    next = seat->next_;
    if (!seat->listener_ || seat->cut_at_ != kNever || seat->listener_->model->name != name) continue;
    const auto [judged, is_new] = lives_on.try_emplace(seat->chain_.get(), false);
    if (is_new) judged->second = now && has_chain(*now, *seat->chain_->model);
    if (judged->second) continue;
    must_cut = true;
    seat->cut_at_ = deadline;
    seat->retire_.set();
  }
  if (must_cut) housekeeping_.spawn(cut_at(deadline));
}

runtime::Task<void> Worker::cut_at(TimePoint deadline) {
  co_await runtime::sleep_until(deadline);
  for (Seat *seat = first_seat_, *next = nullptr; seat != nullptr; seat = next) {
    next = seat->next_;
    if (seat->cut_at_ <= deadline) seat->cut_.set();
  }
}

void Worker::tick() {
  for (Seat* seat = first_seat_; seat != nullptr; seat = seat->next_) {
    if (seat->observer_ != nullptr) seat->observer_->on_tick();
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
