// What a request and an idle connection cost in memory, counted by the program's own operator new.
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/testing/counting_new.h"
#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

using testing::OneWorker;
using testing::route_all_to;

// Sanitizers switch the pools off and bring an allocator of their own.
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);

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
  void exchange(const runtime::FileDescriptor& client, std::string_view request = kRequest,
                std::string_view answer = kAnswer) {
    send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (!upstream_.is_valid()) upstream_ = runtime::FileDescriptor(wait_for(acceptor_.get(), true));
    wait_for(upstream_.get(), false);
    send(upstream_.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    wait_for(client.get(), false);
  }

  // What is said without being asked, such as SETTINGS, must not be taken for a request or an answer.
  void settle(const runtime::FileDescriptor& client) {
    std::array<char, 1024> said{};
    for (int turn = 0; turn < 50; ++turn) {
      one_.reactor.run_once(std::chrono::milliseconds(1));
      recv(client.get(), said.data(), said.size(), MSG_DONTWAIT);
      if (upstream_.is_valid()) recv(upstream_.get(), said.data(), said.size(), MSG_DONTWAIT);
    }
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
  const uint64_t before = allocations_so_far();
  for (int i = 0; i < 100; ++i) ends.exchange(client);
  EXPECT_EQ(allocations_so_far() - before, 0U) << "in 100 requests";
  ASSERT_EQ(one.lines.size(), 120U);
  EXPECT_EQ(one.lines.back().status, 200);
}

constexpr std::string_view kBegin("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0", 42);
constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0", 18);

void put_frame(std::string& out, char type, char flags, uint32_t stream, std::string_view payload) {
  out.append({'\0', '\0', static_cast<char>(payload.size()), type, flags});
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(stream >> shift);
  out += payload;
}

// POST of "/" to "a" with four bytes of content; the fields by HPACK's static table alone.
void write_request(std::string& out, uint32_t stream) {
  out.clear();
  put_frame(out, 1, 4, stream, std::string_view("\x83\x86\x84\x01\x01\x61", 6));
  put_frame(out, 0, 1, stream, "ping");
}

// 200 with four bytes of content and a trailer.
void write_answer(std::string& out, uint32_t stream) {
  out.clear();
  if (stream == 1) out = kSettings;
  put_frame(out, 1, 4, stream, "\x88");
  put_frame(out, 0, 0, stream, "pong");
  put_frame(out, 1, 5, stream, std::string_view("\x00\x0bgrpc-status\x01\x30", 15));
}

// Requests over one HTTP/2 connection of a client, to an upstream of either version.
class Http2Requests {
 public:
  Http2Requests(OneWorker& one, Ends& ends, const SocketAddress& proxy, bool to_http2)
      : one_(one), ends_(ends), client_(Ends::dial(proxy)), to_http2_(to_http2) {
    one_.lines.reserve(1000);
    send(client_.get(), kBegin.data(), kBegin.size(), MSG_NOSIGNAL);
    ends_.settle(client_);
    run(1);
    ends_.settle(client_);
    run(50);
  }

  // How many allocations `count` requests made.
  uint64_t run(int count) {
    const uint64_t before = allocations_so_far();
    for (int i = 0; i < count; ++i) {
      write_request(request_, stream_);
      write_answer(answer_, stream_);
      stream_ += 2;
      ends_.exchange(client_, request_, to_http2_ ? std::string_view(answer_) : kAnswer);
    }
    return allocations_so_far() - before;
  }

  // A value of a field that was never seen before enters HPACK's table and takes memory there: the time that the
  // upstream took is such a field, so the machine may see to it that not every run is free of it.
  uint64_t fewest_in_a_run() {
    uint64_t fewest = UINT64_MAX;
    for (int i = 0; i < 5 && fewest != 0; ++i) fewest = std::min(fewest, run(100));
    return fewest;
  }

 private:
  OneWorker& one_;
  Ends& ends_;
  runtime::FileDescriptor client_;
  bool to_http2_;
  uint32_t stream_ = 1;
  std::string request_;
  std::string answer_;
};

TEST(Allocations, AnHttp2RequestToHttp1MakesNone) {
  if (kIsSanitized) GTEST_SKIP() << "pools are off under sanitizers";
  OneWorker one;
  Ends ends(one);
  one.add_cluster("reviews", {ends.upstream_address()});
  Http2Requests requests(one, ends, one.listen(route_all_to("reviews")), false);
  EXPECT_EQ(requests.fewest_in_a_run(), 0U) << "in 100 requests";
  EXPECT_EQ(one.lines.back().status, 200);
}

TEST(Allocations, AnHttp2RequestToHttp2MakesNone) {
  if (kIsSanitized) GTEST_SKIP() << "pools are off under sanitizers";
  OneWorker one;
  Ends ends(one);
  one.add_cluster("reviews", {ends.upstream_address()},
                  [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kHttp2; });
  Http2Requests requests(one, ends, one.listen(route_all_to("reviews")), true);
  EXPECT_EQ(requests.fewest_in_a_run(), 0U) << "in 100 requests";
  ASSERT_GE(one.lines.size(), 151U);
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
