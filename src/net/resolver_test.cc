#include "net/resolver.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/net_testing.h"
#include "runtime/socket_address.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

using runtime::Reactor;
using runtime::Scope;
using runtime::Task;
using testing::run_all;
using testing::run_until;
using testing::settle;
using testing::soon;

constexpr uint16_t kA = 1;
constexpr uint16_t kCname = 5;
constexpr uint16_t kAaaa = 28;

void put16(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

// Answers A and AAAA questions over UDP from a table; silent for names that begin with "silent".
class NameServer {
 public:
  struct Record {
    uint16_t type;
    uint32_t ttl;
    std::string bytes;
  };

  NameServer() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto address = runtime::to_kernel(SocketAddress{IpAddress::loopback_v4(), 0});
    EXPECT_EQ(::bind(fd_.get(), address.get(), address.size), 0);
    runtime::KernelAddress bound;
    EXPECT_EQ(::getsockname(fd_.get(), bound.get(), &bound.size), 0);
    address_ = *runtime::from_kernel(bound);
    socket_ = std::move(*runtime::Socket::adopt(runtime::FileDescriptor(::dup(fd_.get()))));
    scope_.spawn(serve());
  }
  [[nodiscard]] SocketAddress address() const { return address_; }

  std::multimap<std::string, Record> records;
  size_t asked = 0;

 private:
  Task<void> serve() {
    char packet[512];
    while (true) {
      runtime::KernelAddress from;
      const ssize_t size = ::recvfrom(fd_.get(), packet, sizeof packet, 0, from.get(), &from.size);
      if (size < 0) {
        socket_.readable().clear();
        co_await socket_.readable().wait();
        continue;
      }
      ++asked;
      const std::string reply = answer({packet, static_cast<size_t>(size)});
      if (!reply.empty()) ::sendto(fd_.get(), reply.data(), reply.size(), 0, from.get(), from.size);
    }
  }

  std::string answer(std::string_view question) {
    std::string name;
    size_t at = 12;
    while (at < question.size() && question[at] != 0) {
      if (!name.empty()) name.push_back('.');
      name += question.substr(at + 1, static_cast<uint8_t>(question[at]));
      at += 1 + static_cast<uint8_t>(question[at]);
    }
    if (name.starts_with("silent")) return {};
    const std::string_view asked_for = question.substr(12, at + 5 - 12);
    const auto type = static_cast<uint16_t>(static_cast<uint8_t>(question[at + 2]));
    std::string answers;
    size_t count = 0;
    const auto [begin, end] = records.equal_range(name);
    for (auto i = begin; i != end; ++i) {
      if (i->second.type != type && i->second.type != kCname) continue;
      ++count;
      put16(answers, 0xc00c);
      put16(answers, i->second.type);
      put16(answers, 1);
      put16(answers, i->second.ttl >> 16);
      put16(answers, i->second.ttl & 0xffff);
      put16(answers, i->second.bytes.size());
      answers += i->second.bytes;
    }
    std::string reply(question.substr(0, 2));
    put16(reply, begin == end ? 0x8183 : 0x8180);
    put16(reply, 1);
    put16(reply, count);
    put16(reply, 0);
    put16(reply, 0);
    return reply.append(asked_for).append(answers);
  }

  runtime::FileDescriptor fd_;
  runtime::Socket socket_;
  SocketAddress address_;
  Scope scope_;
};

class ResolverTest : public ::testing::Test {
 protected:
  std::unique_ptr<Resolver> make(Duration timeout = std::chrono::seconds(5)) {
    auto made = Resolver::make({.servers = {server_.address()}, .first_timeout = timeout, .attempts = 2});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static Task<void> look_up(Resolver& resolver, std::string name, AddressFamily family, TimePoint deadline,
                            Result<Resolution>& out) {
    out = co_await resolver.resolve(std::move(name), family, deadline);
  }
  Result<Resolution> resolve(Resolver& resolver, std::string name, AddressFamily family = AddressFamily::kBoth) {
    Result<Resolution> out = fail(ErrorCode::kInternal, "not run");
    scope_.spawn(look_up(resolver, std::move(name), family, soon(), out));
    EXPECT_TRUE(run_all(reactor_, scope_));
    return out;
  }

  Reactor reactor_;
  NameServer server_;
  Scope scope_;
};

const std::string kSixteen("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);

TEST_F(ResolverTest, GivesAddressesOfBothFamiliesAndTheShortestTimeToLive) {
  server_.records.emplace("a.test", NameServer::Record{kA, 60, std::string("\x0a\0\0\x01", 4)});
  server_.records.emplace("a.test", NameServer::Record{kA, 30, std::string("\x0a\0\0\x02", 4)});
  server_.records.emplace("a.test", NameServer::Record{kAaaa, 90, kSixteen});
  const auto resolver = make();
  const auto both = resolve(*resolver, "a.test");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->addresses.size(), 3U);
  EXPECT_EQ(both->time_to_live, std::chrono::seconds(30));
  const auto v6 = resolve(*resolver, "a.test", AddressFamily::kV6);
  ASSERT_TRUE(v6);
  ASSERT_EQ(v6->addresses.size(), 1U);
  EXPECT_EQ(v6->addresses[0].to_string(), "2001:db8::1");
  EXPECT_EQ(v6->time_to_live, std::chrono::seconds(90));
}

TEST_F(ResolverTest, SaysThatANameDoesNotExistOrHasNoSuchAddress) {
  server_.records.emplace("four.test", NameServer::Record{kA, 60, std::string("\x0a\0\0\x01", 4)});
  const auto resolver = make();
  const auto missing = resolve(*resolver, "missing.test");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto no_v6 = resolve(*resolver, "four.test", AddressFamily::kV6);
  ASSERT_FALSE(no_v6);
  EXPECT_EQ(no_v6.error().code, ErrorCode::kNotFound);
}

TEST_F(ResolverTest, AnswersLiteralsAndTheHostsFileWithoutAsking) {
  const auto resolver = make();
  EXPECT_EQ(resolve(*resolver, "192.0.2.7")->addresses[0].to_string(), "192.0.2.7");
  EXPECT_EQ(resolve(*resolver, "::1")->addresses[0].to_string(), "::1");
  EXPECT_FALSE(resolve(*resolver, "192.0.2.7", AddressFamily::kV6));
  const auto local = resolve(*resolver, "localhost", AddressFamily::kV4);
  ASSERT_TRUE(local);
  EXPECT_TRUE(local->addresses[0].is_loopback());
  EXPECT_EQ(server_.asked, 0U);
}

TEST_F(ResolverTest, RunsManyLookupsAtOnce) {
  for (int i = 0; i < 150; ++i) {
    server_.records.emplace("n" + std::to_string(i) + ".test",
                            NameServer::Record{kA, 60, std::string({'\x0a', '\0', char(i >> 8), char(i)})});
  }
  const auto resolver = make();
  std::vector<Result<Resolution>> results(150, fail(ErrorCode::kInternal, "not run"));
  for (size_t i = 0; i < results.size(); ++i) {
    scope_.spawn(look_up(*resolver, "n" + std::to_string(i) + ".test", AddressFamily::kV4, soon(), results[i]));
  }
  ASSERT_TRUE(run_all(reactor_, scope_));
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i]) << results[i].error().message;
    const std::string expected = "10.0." + std::to_string(i >> 8) + "." + std::to_string(i & 255);
    EXPECT_EQ(results[i]->addresses[0].to_string(), expected);
  }
  EXPECT_EQ(resolver->pending(), 0U);
}

TEST_F(ResolverTest, KeepsTheDeadlineOfALookupNobodyAnswers) {
  const auto resolver = make();
  Result<Resolution> out;
  scope_.spawn(
      look_up(*resolver, "silent.test", AddressFamily::kV4, reactor_.now() + std::chrono::milliseconds(20), out));
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(resolver->pending(), 1U);
}

TEST_F(ResolverTest, TriesAgainAndGivesUpByItself) {
  const auto resolver = make(std::chrono::milliseconds(250));
  const auto out = resolve(*resolver, "silent.test", AddressFamily::kV4);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(server_.asked, 2U);
}

TEST_F(ResolverTest, AbandonedLookupsAreHarmlessAndDestructionEndsTheRest) {
  auto resolver = make();
  Result<Resolution> dropped;
  Result<Resolution> waiting;
  {
    Scope short_lived;
    short_lived.spawn(look_up(*resolver, "silent.test", AddressFamily::kBoth, soon(), dropped));
  }
  scope_.spawn(look_up(*resolver, "silent2.test", AddressFamily::kBoth, soon(), waiting));
  settle(reactor_);
  EXPECT_EQ(resolver->pending(), 2U);
  resolver = nullptr;
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace ripstop::net
