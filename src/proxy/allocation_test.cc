// What a request and an idle connection cost in memory, counted by the program's own operator new.
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <new>

#include "proxy/testing/allocations.h"
#include "proxy/testing/one_worker.h"

namespace {

thread_local uint64_t count = 0;
thread_local uint64_t bytes = 0;

[[maybe_unused]] void* counted(size_t size) {
  ++count;
  bytes += size;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// ThreadSanitizer's run-time has an operator new of its own, which cannot be replaced.
#define RIPSTOP_CANNOT_COUNT
#endif
#endif

#ifndef RIPSTOP_CANNOT_COUNT
void* operator new(size_t size) {
  return counted(size);
}
void* operator new[](size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
#endif

namespace ripstop::proxy {

uint64_t testing::allocations() {
  return count;
}
uint64_t testing::allocated_bytes() {
  return bytes;
}

namespace {

using testing::OneWorker;
using testing::route_all_to;

// Sanitizers switch the pools off and bring an allocator of their own.
#if defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

constexpr std::string_view kRequest = "GET /reviews/0 HTTP/1.1\r\nhost: reviews:9080\r\nuser-agent: x\r\n\r\n";
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

// Plain blocking-free ends without coroutines, so that nothing but the proxy allocates.
class Ends {
 public:
  explicit Ends(OneWorker& one) : one_(one), acceptor_(*runtime::open_listener({loopback(), {}})) {}

  [[nodiscard]] SocketAddress upstream_address() const {
    sockaddr_in name{};
    socklen_t size = sizeof name;
    getsockname(acceptor_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    return {IpAddress::loopback_v4(), ntohs(name.sin_port)};
  }
  static SocketAddress loopback() { return {IpAddress::loopback_v4(), 0}; }

  [[nodiscard]] static runtime::FileDescriptor dial(const SocketAddress& to) {
    runtime::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(to.port);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    return fd;
  }

  // One request and its answer on a connection that stays.
  void exchange(const runtime::FileDescriptor& client, std::string_view request = kRequest) {
    send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (!upstream_.is_valid()) upstream_ = runtime::FileDescriptor(wait_for(acceptor_.get(), true));
    wait_for(upstream_.get(), false);
    send(upstream_.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    wait_for(client.get(), false);
  }

 private:
  // Turns the reactor until there is a connection to accept or there are bytes to read, and takes them.
  int wait_for(int fd, bool accepts) {
    char buffer[1024];
    for (int turn = 0; turn < 10'000; ++turn) {
      one_.reactor.run_once(Duration::zero());
      const int accepted = accepts ? accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
      if (accepted >= 0) return accepted;
      if (!accepts && recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) return 0;
    }
    ADD_FAILURE() << "nothing came";
    return -1;
  }

  OneWorker& one_;
  runtime::FileDescriptor acceptor_;
  runtime::FileDescriptor upstream_;
};

TEST(Allocations, ARequestOnASteadyConnectionMakesNone) {
  if (kIsSanitized) GTEST_SKIP() << "pools are off under sanitizers";
  OneWorker one;
  Ends ends(one);
  one.add_cluster("reviews", {ends.upstream_address()});
  auto http = route_all_to("reviews");
  http.generate_request_id = true;
  const runtime::FileDescriptor client = Ends::dial(one.listen(std::move(http)));
  one.lines.reserve(1000);
  for (int i = 0; i < 20; ++i) ends.exchange(client);
  const uint64_t before = testing::allocations();
  for (int i = 0; i < 100; ++i) ends.exchange(client);
  EXPECT_EQ(testing::allocations() - before, 0U) << "in 100 requests";
  ASSERT_EQ(one.lines.size(), 120U);
  EXPECT_EQ(one.lines.back().status, 200);
}

// HEADERS of a GET of "/" at "a", by HPACK's static table alone.
std::array<char, 15> http2_request(uint32_t stream) {
  std::array<char, 15> frame{0, 0, 6, 1, 5, 0, 0, 0, 0, '\x82', '\x86', '\x84', '\x01', '\x01', 'a'};
  for (size_t i = 0; i < 4; ++i) frame[5 + i] = static_cast<char>(stream >> (24 - 8 * i));
  return frame;
}

TEST(Allocations, AnHttp2RequestMakesFew) {
  if (kIsSanitized) GTEST_SKIP() << "pools are off under sanitizers";
  OneWorker one;
  Ends ends(one);
  one.add_cluster("reviews", {ends.upstream_address()});
  const runtime::FileDescriptor client = Ends::dial(one.listen(route_all_to("reviews")));
  constexpr std::string_view kBegin("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0", 42);
  send(client.get(), kBegin.data(), kBegin.size(), MSG_NOSIGNAL);
  // The server's own SETTINGS must not be taken for an answer.
  for (int turn = 0; turn < 50; ++turn) one.reactor.run_once(std::chrono::milliseconds(1));
  std::array<char, 1024> settings{};
  ASSERT_GT(recv(client.get(), settings.data(), settings.size(), MSG_DONTWAIT), 0);
  one.lines.reserve(1000);
  uint32_t stream = 1;
  const auto exchange = [&] {
    const auto request = http2_request(stream);
    stream += 2;
    ends.exchange(client, {request.data(), request.size()});
  };
  for (int i = 0; i < 20; ++i) exchange();
  const uint64_t before = testing::allocations();
  for (int i = 0; i < 100; ++i) exchange();
  EXPECT_LE(testing::allocations() - before, 300U) << "in 100 requests";
  ASSERT_EQ(one.lines.size(), 120U);
  EXPECT_EQ(one.lines.back().status, 200);
}

TEST(Allocations, AnIdleConnectionHoldsLittle) {
  if (kIsSanitized) GTEST_SKIP() << "pools are off under sanitizers";
  OneWorker one;
  Ends ends(one);
  one.add_cluster("reviews", {ends.upstream_address()});
  const SocketAddress address = one.listen(route_all_to("reviews"));
  std::vector<runtime::FileDescriptor> clients;
  clients.reserve(300);
  one.lines.reserve(300);
  const auto open = [&](size_t number) {
    for (size_t i = 0; i < number; ++i) {
      clients.push_back(Ends::dial(address));
      ends.exchange(clients.back());
    }
  };
  open(50);
  const size_t before = mallinfo2().uordblks;
  open(200);
  const size_t each = (mallinfo2().uordblks - before) / 200;
  EXPECT_LE(each, 360U) << "bytes held by an idle connection that has served a request";
  EXPECT_EQ(one.worker->open_connections(), 250U);
}

}  // namespace
}  // namespace ripstop::proxy
