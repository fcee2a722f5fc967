// The worker threads and the way to talk to them.
//
// Made and used on the configuration thread. What it posts to the workers arrives in order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/worker/worker.h"
#include "runtime/reactor.h"

namespace ripstop::proxy {

class Fleet {
 public:
  using MakeParts = std::function<Result<Worker::Parts>(size_t index)>;

  // Starts `size` threads; each makes its worker from the parts.
  static Result<std::unique_ptr<Fleet>> start(size_t size, const MakeParts& make);
  // Stops and joins; connections still open are closed.
  ~Fleet();

  [[nodiscard]] size_t size() const { return seats_.size(); }
  // Runs `work` on every worker's thread.
  void post_all(const std::function<void(Worker&)>& work);
  void post(size_t index, std::function<void(Worker&)> work);
  // The results of `ask` on every worker, in order. The configuration thread goes on meanwhile.
  template <typename Answer>
  runtime::Task<std::vector<Answer>> gather(std::function<Answer(Worker&)> ask);
  // Connections open on all workers, by their published counters.
  [[nodiscard]] int64_t open_connections() const;
  [[nodiscard]] int64_t active_requests() const;
  // One counter, summed over all workers.
  [[nodiscard]] uint64_t sum(Counter WorkerCounters::* counter) const;

 private:
  struct Seat {
    std::thread thread;
    runtime::Reactor* reactor = nullptr;
    Worker* worker = nullptr;
  };
  Fleet() = default;
  static void run(Worker::Parts parts, Seat& seat, std::function<void()> started);

  std::vector<std::unique_ptr<Seat>> seats_;
};

template <typename Answer>
runtime::Task<std::vector<Answer>> Fleet::gather(std::function<Answer(Worker&)> ask) {
  // Shared with the workers, for this coroutine may be cancelled before they answer.
  struct Shared {
    std::vector<Answer> answers;
    size_t missing = 0;
    runtime::Event complete;
  };
  auto shared = std::make_shared<Shared>();
  shared->answers.resize(size());
  shared->missing = size();
  runtime::Reactor* home = &runtime::Reactor::current();
  for (size_t i = 0; i < size(); ++i) {
    post(i, [shared, ask, home, i](Worker& worker) {
      home->post([shared, i, answer = ask(worker)]() mutable {
        shared->answers[i] = std::move(answer);
        if (--shared->missing == 0) shared->complete.set();
      });
    });
  }
  co_await shared->complete.wait();
  co_return std::move(shared->answers);
}

}  // namespace ripstop::proxy
