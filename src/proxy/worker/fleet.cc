#include "proxy/worker/fleet.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace ripstop::proxy {

Result<std::unique_ptr<Fleet>> Fleet::start(size_t size, const MakeParts& make) {
  std::unique_ptr<Fleet> fleet(new Fleet);
  std::mutex mutex;
  std::condition_variable changed;
  size_t started = 0;
  for (size_t i = 0; i < size; ++i) {
    auto parts = make(i);
    if (!parts) return fail_with(parts);
    fleet->seats_.push_back(std::make_unique<Seat>());
    Seat& seat = *fleet->seats_.back();
    seat.thread = std::thread(run, std::move(*parts), std::ref(seat), [&mutex, &changed, &started] {
      const std::lock_guard lock(mutex);
      ++started;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&started, i] { return started > i; });
  }
  return fleet;
}

void Fleet::run(Worker::Parts parts, Seat& seat, std::function<void()> started) {
  runtime::Reactor reactor;
  Worker worker(std::move(parts));
  seat.reactor = &reactor;
  seat.worker = &worker;
  started();
  reactor.run();
}

Fleet::~Fleet() {
  for (const auto& seat : seats_) {
    seat->reactor->stop();
    seat->thread.join();
  }
}

void Fleet::post(size_t index, std::function<void(Worker&)> work) {
  Seat& seat = *seats_[index];
  seat.reactor->post([worker = seat.worker, work = std::move(work)] { work(*worker); });
}

void Fleet::post_all(const std::function<void(Worker&)>& work) {
  for (size_t i = 0; i < seats_.size(); ++i) post(i, work);
}

int64_t Fleet::open_connections() const {
  int64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->worker->counters().connections.value();
  return sum;
}

int64_t Fleet::active_requests() const {
  int64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->worker->counters().requests.value();
  return sum;
}

uint64_t Fleet::sum(Counter WorkerCounters::* counter) const {
  uint64_t sum = 0;
  for (const auto& seat : seats_) sum += (seat->worker->counters().*counter).value();
  return sum;
}

}  // namespace ripstop::proxy
