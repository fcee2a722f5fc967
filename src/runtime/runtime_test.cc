#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/socket.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace ripstop::runtime {
namespace {

using std::chrono::milliseconds;

struct Sentinel {
  bool* destroyed;
  ~Sentinel() { *destroyed = true; }
};

Task<int> add(int left, int right) {
  co_return left + right;
}

Task<int> add_three() {
  co_return co_await add(1, co_await add(1, 1));
}

Task<void> wait_for(Event& event, std::vector<std::string>& story, std::string name, bool* destroyed = nullptr) {
  bool ignored = false;
  const Sentinel sentinel{destroyed == nullptr ? &ignored : destroyed};
  co_await event.wait();
  story.push_back(std::move(name));
}

TEST(Task, RunsWhenAwaitedAndGivesItsResult) {
  Reactor reactor;
  Scope scope;
  int result = 0;
  auto root = [](int& out) -> Task<void> { out = co_await add_three(); };
  scope.spawn(root(result));
  EXPECT_EQ(result, 3);
  EXPECT_EQ(scope.size(), 0U);
}

TEST(Scope, CancellingDestroysFramesAndDeregistersWaiters) {
  Reactor reactor;
  Event event;
  std::vector<std::string> story;
  bool destroyed = false;
  {
    Scope scope;
    scope.spawn(wait_for(event, story, "never", &destroyed));
    EXPECT_TRUE(event.has_waiter());
  }
  EXPECT_TRUE(destroyed);
  EXPECT_FALSE(event.has_waiter());
  event.set();
  EXPECT_TRUE(story.empty());
}

TEST(Race, KeepsTheFirstAndCancelsTheOther) {
  Reactor reactor;
  Event first;
  Event second;
  std::vector<std::string> story;
  bool loser_destroyed = false;
  size_t index = 9;
  Scope scope;
  auto root = [](Task<void> a, Task<void> b, size_t& out) -> Task<void> {
    out = (co_await race(std::move(a), std::move(b))).index();
  };
  scope.spawn(root(wait_for(first, story, "first", &loser_destroyed), wait_for(second, story, "second"), index));
  second.set();
  EXPECT_EQ(index, 1U);
  EXPECT_TRUE(loser_destroyed);
  EXPECT_EQ(story, std::vector<std::string>{"second"});
}

TEST(WithDeadline, CancelsTheTaskWhenTimeIsUp) {
  Reactor reactor;
  Event never;
  std::vector<std::string> story;
  bool destroyed = false;
  bool timed_out = false;
  Scope scope;
  auto root = [](Task<void> task, TimePoint deadline, bool& out) -> Task<void> {
    out = !(co_await with_deadline(std::move(task), deadline)).has_value();
  };
  scope.spawn(root(wait_for(never, story, "never", &destroyed), reactor.now() + milliseconds(5), timed_out));
  while (scope.size() != 0) reactor.run_once(Duration::max());
  EXPECT_TRUE(timed_out);
  EXPECT_TRUE(destroyed);
}

TEST(Reactor, RunsWhatOtherThreadsPost) {
  Reactor reactor;
  int count = 0;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) reactor.post([&count] { ++count; });
    reactor.post([&reactor] { reactor.stop(); });
  });
  reactor.run();
  poster.join();
  EXPECT_EQ(count, 1000);
}

class RecordingTimer final : public Timer {
 public:
  std::vector<uint64_t>* fired = nullptr;
  uint64_t due = 0;
  uint64_t* clock = nullptr;
  void on_timer() override { fired->push_back(*clock - due); }
};

// Waits until the clock has moved on, as a loop that was idle does, and then finds one descriptor ready.
class IdlePoller final : public Poller {
 public:
  IdlePoller(Event& ready, TimePoint& woke) : ready_(ready), woke_(woke) {}
  Status add(int, IoSource&) override { return {}; }
  void watch_writable(int, IoSource&) override {}
  void remove(int, IoSource&) override {}
  void forget(IoSource&) override {}
  size_t wait(Duration) override {
    for (const TimePoint end = Clock::now() + milliseconds(5); Clock::now() < end;) std::this_thread::yield();
    woke_ = Clock::now();
    return 1;
  }
  void dispatch() override { ready_.set(); }

 private:
  Event& ready_;
  TimePoint& woke_;
};

Task<void> wait_twice(Event& first, Event& second, TimePoint& seen, bool& in_time) {
  co_await first.wait();
  seen = Reactor::current().now();
  in_time = co_await second.wait(seen + std::chrono::minutes(1));
}

TEST(Reactor, WhatAnIdleLoopWakesForSeesThePresentTime) {
  Event ready;
  TimePoint woke;
  Reactor reactor(std::make_unique<IdlePoller>(ready, woke));
  Event never;
  TimePoint seen;
  bool in_time = true;
  Scope scope;
  scope.spawn(wait_twice(ready, never, seen, in_time));
  reactor.run_once(Duration::max());
  EXPECT_GE(seen, woke);
  EXPECT_TRUE(never.has_waiter()) << "a deadline in the future has not passed";
  never.set();
  EXPECT_TRUE(in_time);
}

// Finds as many events ready in a turn as it was given.
class BatchPoller final : public Poller {
 public:
  explicit BatchPoller(std::vector<Event*> ready) : ready_(std::move(ready)) {}
  Status add(int, IoSource&) override { return {}; }
  void watch_writable(int, IoSource&) override {}
  void remove(int, IoSource&) override {}
  void forget(IoSource&) override {}
  size_t wait(Duration) override { return ready_.size(); }
  void dispatch() override {
    for (Event* event : ready_) event->set();
  }

 private:
  std::vector<Event*> ready_;
};

Task<void> read_then_write(Event& ready, std::vector<std::string>& story, std::string name,
                           Towards whom = Towards::kUpstream) {
  co_await ready.wait();
  story.push_back("read " + name);
  co_await turn_end(whom);
  story.push_back("write " + name);
}

TEST(Reactor, TurnEndComesWhenEverythingReadyWasServed) {
  Event first;
  Event second;
  Event third;
  std::vector<std::string> story;
  Reactor reactor(std::make_unique<BatchPoller>(std::vector{&first, &second, &third}));
  Scope scope;
  Scope given_up;
  scope.spawn(read_then_write(first, story, "1"));
  given_up.spawn(read_then_write(second, story, "2"));
  auto give_up = [](Event& ready, Scope& whom) -> Task<void> {
    co_await ready.wait();
    whom.cancel();
  };
  scope.spawn(give_up(third, given_up));
  reactor.run_once(Duration::zero());
  EXPECT_EQ(story, (std::vector<std::string>{"read 1", "read 2", "write 1"}));
}

TEST(Reactor, TurnEndBringsAllForUpstreamsBeforeAllForClients) {
  Event first;
  Event second;
  Event third;
  std::vector<std::string> story;
  Reactor reactor(std::make_unique<BatchPoller>(std::vector{&first, &second, &third}));
  Scope scope;
  scope.spawn(read_then_write(first, story, "1", Towards::kClient));
  scope.spawn(read_then_write(second, story, "2", Towards::kUpstream));
  scope.spawn(read_then_write(third, story, "3", Towards::kClient));
  reactor.run_once(Duration::zero());
  EXPECT_EQ(story, (std::vector<std::string>{"read 1", "read 2", "read 3", "write 2", "write 1", "write 3"}));
}

TEST(Reactor, TurnEndIsNowWhenOneDescriptorWasReady) {
  Event ready;
  std::vector<std::string> story;
  Reactor reactor(std::make_unique<BatchPoller>(std::vector{&ready}));
  Scope scope;
  scope.spawn(read_then_write(ready, story, "1"));
  reactor.run_once(Duration::zero());
  EXPECT_EQ(story, (std::vector<std::string>{"read 1", "write 1"}));
}

TEST(TimerWheel, FiresEveryTimerInTimeWhateverTheDistance) {
  const TimePoint start{};
  TimerWheel wheel(start);
  Random random(7);
  std::vector<uint64_t> lateness;
  uint64_t clock = 0;
  std::vector<std::unique_ptr<RecordingTimer>> timers;
  for (int i = 0; i < 5000; ++i) {
    auto timer = std::make_unique<RecordingTimer>();
    timer->fired = &lateness;
    timer->clock = &clock;
    timer->due = 1 + (random.next() >> (40 + random.below(20)));
    timer->arm(wheel, start + milliseconds(timer->due));
    timers.push_back(std::move(timer));
  }
  size_t disarmed = 0;
  for (size_t i = 0; i < timers.size(); i += 10, ++disarmed) timers[i]->disarm();
  size_t turns = 0;
  while (wheel.next() != kNever) {
    clock = static_cast<uint64_t>((wheel.next() - start) / milliseconds(1));
    wheel.advance(start + milliseconds(clock));
    ASSERT_LT(++turns, 100000U);
  }
  EXPECT_EQ(lateness.size(), timers.size() - disarmed);
  for (const uint64_t late : lateness) EXPECT_EQ(late, 0U);
}

Task<void> dial(SocketAddress to, std::vector<Socket>& clients) {
  auto made = co_await connect({to, {}}, kNever);
  EXPECT_TRUE(made);
  if (made) clients.push_back(std::move(*made));
}

TEST(Acceptor, TellsInEveryTurnOfWhatStillWaitsAndGivesWhatTheConnectionIs) {
  Reactor reactor;
  auto acceptor = Acceptor::adopt(*open_listener({SocketAddress{IpAddress::loopback_v4(), 0}, {}}), true);
  ASSERT_TRUE(acceptor);
  const SocketAddress address = *acceptor->local_address();
  std::vector<Socket> clients;
  Scope scope;
  for (int i = 0; i < 2; ++i) scope.spawn(dial(address, clients));
  for (int turn = 0; turn < 1000 && scope.size() != 0; ++turn) reactor.run_once(milliseconds(5));
  ASSERT_EQ(clients.size(), 2U);
  for (int i = 0; i < 2; ++i) {
    acceptor->readable().clear();
    reactor.run_once(milliseconds(5));
    EXPECT_TRUE(acceptor->readable().is_set());
    auto accepted = acceptor->try_accept();
    ASSERT_TRUE(accepted && *accepted);
    EXPECT_EQ((*accepted)->local, address);
    EXPECT_TRUE((*accepted)->peer == *clients[0].local_address() || (*accepted)->peer == *clients[1].local_address());
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    getsockopt((*accepted)->fd.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    EXPECT_EQ(no_delay, 1) << "inherited from the listening socket";
  }
  const auto none = acceptor->try_accept();
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

Task<void> echo_once(Acceptor& acceptor) {
  auto fd = co_await acceptor.accept();
  auto socket = Socket::adopt(std::move(*fd));
  char buffer[64];
  size_t total = 0;
  for (;;) {
    const Transfer got = socket->try_read(buffer);
    if (got.state == Transfer::State::kWouldBlock) {
      co_await socket->readable().wait();
      continue;
    }
    if (got.state != Transfer::State::kDone) break;
    total += got.bytes;
    EXPECT_EQ(socket->try_write({buffer, got.bytes}).bytes, got.bytes);
  }
  EXPECT_EQ(total, 10U);
}

Task<void> say_hello(Endpoint endpoint, std::string& heard) {
  auto socket = co_await connect(endpoint, kNever);
  EXPECT_TRUE(socket.has_value()) << socket.error().message;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(socket->try_write("hello").bytes, 5U);
    char buffer[64];
    for (size_t got = 0; got < 5;) {
      const Transfer read = socket->try_read(buffer);
      if (read.state == Transfer::State::kWouldBlock) {
        co_await socket->readable().wait();
        continue;
      }
      heard.append(buffer, read.bytes);
      got += read.bytes;
    }
  }
}

TEST(Socket, EchoesOverLoopbackAndSeesTheEnd) {
  Reactor reactor;
  auto acceptor = Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  ASSERT_TRUE(acceptor) << acceptor.error().message;
  std::string heard;
  Scope scope;
  scope.spawn(echo_once(*acceptor));
  scope.spawn(say_hello({*acceptor->local_address(), {}}, heard));
  while (scope.size() != 0) reactor.run_once(Duration::max());
  EXPECT_EQ(heard, "hellohello");
}

Task<void> expect_refused(Endpoint endpoint, ErrorCode& code) {
  auto socket = co_await connect(endpoint, kNever);
  code = socket ? ErrorCode::kInternal : socket.error().code;
}

TEST(Socket, ConnectSaysWhenNobodyListens) {
  Reactor reactor;
  SocketAddress address;
  {
    auto acceptor = Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
    ASSERT_TRUE(acceptor);
    address = *acceptor->local_address();
  }
  ErrorCode code = ErrorCode::kInternal;
  Scope scope;
  scope.spawn(expect_refused({address, {}}, code));
  while (scope.size() != 0) reactor.run_once(Duration::max());
  EXPECT_EQ(code, ErrorCode::kUnavailable);
}

class SocketPair : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    peer_ = FileDescriptor(ends[1]);
    ours_ = *Socket::adopt(FileDescriptor(ends[0]));
  }
  void take_all_at_the_peer() {
    while (read(peer_.get(), buffer_.data(), buffer_.size()) > 0) {
    }
  }

  Reactor reactor_;
  std::array<char, 65536> buffer_{};
  FileDescriptor peer_;
  Socket ours_;
};

TEST_F(SocketPair, IsWritableAgainOnceThePeerHasMadeRoom) {
  Transfer sent;
  do {
    sent = ours_.try_write({buffer_.data(), buffer_.size()});
  } while (sent.state == Transfer::State::kDone && ours_.writable().is_set());
  EXPECT_FALSE(ours_.writable().is_set());
  reactor_.run_once(Duration::zero());
  EXPECT_FALSE(ours_.writable().is_set()) << "nobody has read anything";
  take_all_at_the_peer();
  reactor_.run_once(Duration::max());
  EXPECT_TRUE(ours_.writable().is_set());
}

TEST_F(SocketPair, IsNotWokenForWhatItHasReadAlready) {
  struct Count final : Event::Waiter {
    void on_event() override { ++times; }
    using Event::Waiter::enter;
    int times = 0;
  } woken;
  ours_.writable().clear();
  woken.enter(ours_.writable());
  ASSERT_EQ(write(peer_.get(), "x", 1), 1);
  ASSERT_EQ(ours_.try_read(buffer_).bytes, 1U);
  reactor_.run_once(Duration::zero());
  EXPECT_EQ(woken.times, 0) << "each of these would be a system call without any use";
}

}  // namespace
}  // namespace ripstop::runtime
