// The DNS server over real sockets, with a resolver behind it that says what the test wants.
#include "proxy/dns/dns_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "protocol/dns/dns.h"
#include "runtime/reactor.h"

namespace ripstop::proxy::dns {
namespace {

constexpr uint16_t kA = protocol::kDnsTypeA;
constexpr uint16_t kAaaa = protocol::kDnsTypeAaaa;
constexpr uint16_t kTxt = 16;

std::string number(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
}

std::string question(std::string_view name, uint16_t type) {
  std::string text;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('.', at), name.size());
    text += static_cast<char>(end - at);
    text += name.substr(at, end - at);
    at = end + 1;
  }
  return text + '\0' + number(type) + number(protocol::kDnsClassIn);
}

std::string query(std::string_view name, uint16_t type = kA, uint16_t id = 0x1234) {
  return number(id) + number(0x0100) + number(1) + number(0) + number(0) + number(0) + question(name, type);
}

// What a resolver says to a query without additional records: the code, and perhaps one address.
std::string reply_to(std::string_view asked, uint8_t rcode, std::string_view address = {}) {
  std::string reply(asked);
  reply[2] = static_cast<char>(0x81);
  reply[3] = static_cast<char>(0x80 | rcode);
  if (address.empty()) return reply;
  reply[7] = 1;
  in_addr parsed{};
  inet_pton(AF_INET, std::string(address).c_str(), &parsed);
  return reply + "\xc0\x0c" + number(kA) + number(protocol::kDnsClassIn) + number(0) + number(60) + number(4) +
         std::string(reinterpret_cast<const char*>(&parsed), 4);
}

struct Reply {
  std::string bytes;
  [[nodiscard]] bool came() const { return !bytes.empty(); }
  [[nodiscard]] int id() const { return static_cast<uint8_t>(bytes.at(0)) << 8 | static_cast<uint8_t>(bytes.at(1)); }
  [[nodiscard]] int rcode() const { return bytes.at(3) & 15; }
  [[nodiscard]] bool is_truncated() const { return (bytes.at(2) & 2) != 0; }
  [[nodiscard]] bool is_authoritative() const { return (bytes.at(2) & 4) != 0; }
  [[nodiscard]] size_t count() const {
    return static_cast<uint8_t>(bytes.at(6)) << 8 | static_cast<uint8_t>(bytes.at(7));
  }
  // Dotted address of the last record, which is of type A and the end of the message.
  [[nodiscard]] std::string address() const {
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, bytes.data() + bytes.size() - 4, text, sizeof text);
  }
};

runtime::FileDescriptor bound(int type, uint16_t port = 0) {
  runtime::FileDescriptor fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) return {};
  if (type == SOCK_STREAM) listen(fd.get(), 16);
  return fd;
}

sockaddr_in name_of(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  return name;
}

// The resolver of the host: UDP and TCP on one port.
class FakeResolver {
 public:
  FakeResolver() {
    while (!tcp_.is_valid()) {
      udp_ = bound(SOCK_DGRAM);
      tcp_ = bound(SOCK_STREAM, port());
    }
  }
  [[nodiscard]] uint16_t port() const { return ntohs(name_of(udp_.get()).sin_port); }
  [[nodiscard]] SocketAddress address() const { return {IpAddress::loopback_v4(), port()}; }

  // What is sent back, in order; nothing by default.
  std::function<std::vector<std::string>(const std::string& query)> answer;
  std::vector<std::string> asked;
  sockaddr_in asker{};

  void serve() {
    char buffer[4096];
    socklen_t size = sizeof asker;
    const ssize_t got = recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&asker), &size);
    if (got > 0) {
      for (const std::string& reply : respond({buffer, static_cast<size_t>(got)})) {
        sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&asker), size);
      }
    }
    if (const int fd = accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); fd >= 0) {
      stream_ = runtime::FileDescriptor(fd);
    }
    const ssize_t more = stream_.is_valid() ? recv(stream_.get(), buffer, sizeof buffer, 0) : -1;
    if (more <= 2) return;
    for (const std::string& reply : respond({buffer + 2, static_cast<size_t>(more - 2)})) {
      const std::string framed = number(static_cast<uint16_t>(reply.size())) + reply;
      send(stream_.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }

 private:
  std::vector<std::string> respond(const std::string& query) {
    asked.push_back(query);
    return answer ? answer(query) : std::vector<std::string>();
  }

  runtime::FileDescriptor udp_;
  runtime::FileDescriptor tcp_;
  runtime::FileDescriptor stream_;
};

std::shared_ptr<const model::NameTable> mesh_names() {
  auto names = std::make_shared<model::NameTable>();
  names->entries.push_back({"reviews.default.svc.cluster.local",
                            {*IpAddress::parse("240.240.0.1")},
                            {"reviews", "reviews.default", "reviews.default.svc"}});
  names->entries.push_back({"*.shop.example", {*IpAddress::parse("240.240.0.2")}, {}});
  names->entries.push_back(
      {"Both.Example.com", {*IpAddress::parse("240.240.0.3"), *IpAddress::parse("2001:db8::3")}, {"hidden"}});
  names->entries.push_back({"hidden", {*IpAddress::parse("240.240.0.4")}, {}});
  model::NameTable::Entry many{"many.example", {}, {}};
  for (int i = 1; i <= 60; ++i) many.addresses.push_back(*IpAddress::parse("240.240.1." + std::to_string(i)));
  names->entries.push_back(std::move(many));
  return names;
}

class Dns : public ::testing::Test {
 protected:
  void start(DnsServer::Options options = {}) {
    const std::filesystem::path config = std::filesystem::path(::testing::TempDir()) / "ripstop-dns-test.conf";
    std::ofstream(config) << "# of the host\nsearch corp.example. lan\nnameserver 192.0.2.1\n";
    options.resolver_config = config;
    if (options.forwarding.servers.empty()) options.forwarding.servers = {resolver_.address()};
    auto udp = bound(SOCK_DGRAM);
    auto tcp = bound(SOCK_STREAM);
    udp_name_ = name_of(udp.get());
    tcp_name_ = name_of(tcp.get());
    std::vector<runtime::FileDescriptor> sockets;
    sockets.push_back(std::move(udp));
    sockets.push_back(std::move(tcp));
    auto made = DnsServer::make(std::move(sockets), std::move(options), random_);
    std::filesystem::remove(config);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
    server_->set_names(mesh_names());
    client_ = bound(SOCK_DGRAM);
  }

  void send_udp(const std::string& message) {
    sendto(client_.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&udp_name_), sizeof udp_name_);
  }

  // The next datagram for the client; empty when the server has nothing more to say for `turns` turns.
  Reply hear_udp(int turns = 2000) {
    char buffer[4096];
    for (int turn = 0; turn < turns; ++turn) {
      step();
      const ssize_t got = recv(client_.get(), buffer, sizeof buffer, 0);
      if (got > 0) return {{buffer, static_cast<size_t>(got)}};
    }
    return {};
  }

  Reply ask(const std::string& message) {
    send_udp(message);
    Reply reply = hear_udp();
    EXPECT_TRUE(reply.came()) << "no answer";
    if (!reply.came()) reply.bytes.assign(12, '\xff');
    return reply;
  }

  runtime::FileDescriptor dial() {
    runtime::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&tcp_name_), sizeof tcp_name_), 0);
    return fd;
  }

  // All that comes until `size` bytes are there or the server closes.
  std::string hear_tcp(const runtime::FileDescriptor& fd, size_t size) {
    std::string heard;
    char buffer[4096];
    for (int turn = 0; turn < 5000 && heard.size() < size; ++turn) {
      step();
      const ssize_t got = recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) break;
      if (got > 0) heard.append(buffer, static_cast<size_t>(got));
    }
    return heard;
  }

  void step() {
    reactor_.run_once(std::chrono::milliseconds(1));
    resolver_.serve();
  }

  runtime::Reactor reactor_;
  Random random_{7};
  FakeResolver resolver_;
  std::unique_ptr<DnsServer> server_;
  runtime::FileDescriptor client_;
  sockaddr_in udp_name_{};
  sockaddr_in tcp_name_{};
};

TEST_F(Dns, AnswersTheMeshsNamesInEveryForm) {
  start();
  for (const char* name : {"reviews", "reviews.default", "reviews.default.svc", "reviews.default.svc.cluster.local",
                           "ReViEwS", "reviews.corp.example", "reviews.default.lan"}) {
    const Reply reply = ask(query(name));
    EXPECT_EQ(reply.id(), 0x1234);
    EXPECT_EQ(reply.rcode(), 0) << name;
    ASSERT_EQ(reply.count(), 1U) << name;
    EXPECT_EQ(reply.address(), "240.240.0.1") << name;
    EXPECT_TRUE(reply.is_authoritative());
    EXPECT_NE(reply.bytes.find(question(name, kA)), std::string::npos) << "the question as it came";
  }
  EXPECT_EQ(ask(query("both.example.com")).address(), "240.240.0.3") << "capitals in the configuration";
  EXPECT_EQ(ask(query("hidden")).address(), "240.240.0.4") << "a full name wins over another's short form";
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(Dns, AnswersWildcardsBelowTheirDomainOnly) {
  start();
  EXPECT_EQ(ask(query("a.shop.example")).address(), "240.240.0.2");
  EXPECT_EQ(ask(query("a.b.shop.example")).address(), "240.240.0.2");
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 3)}; };
  EXPECT_EQ(ask(query("shop.example")).rcode(), 3);
  EXPECT_EQ(resolver_.asked.size(), 1U);
}

TEST_F(Dns, SaysThatANameHasNoAddressOfAFamilyInsteadOfAskingElsewhere) {
  start();
  for (const uint16_t type : {kAaaa, kTxt}) {
    const Reply reply = ask(query("reviews", type));
    EXPECT_EQ(reply.rcode(), 0);
    EXPECT_EQ(reply.count(), 0U);
  }
  EXPECT_EQ(ask(query("both.example.com", kAaaa)).count(), 1U);
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(Dns, KeepsWhatIsAskedAboutAServiceToTheMesh) {
  start();
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 0)}; };
  for (const char* name : {"_grpc_config.reviews", "_grpclb._tcp.reviews.default", "_grpclb._tcp.reviews.lan"}) {
    const Reply reply = ask(query(name, kTxt));
    EXPECT_EQ(reply.rcode(), 3) << name;
    EXPECT_TRUE(reply.is_authoritative());
  }
  EXPECT_TRUE(resolver_.asked.empty());
  for (const char* name : {"_acme-challenge.hidden", "_x.example.org", "_", "a_b.reviews", "_tcp"}) {
    EXPECT_EQ(ask(query(name, kTxt)).rcode(), 0) << name << " is known outside, or is no question about a service";
  }
  EXPECT_EQ(resolver_.asked.size(), 5U);
}

TEST_F(Dns, PassesOtherNamesOnUnderAnotherId) {
  start();
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 0, "192.0.2.80")}; };
  const Reply reply = ask(query("example.org", kA, 0x0042));
  EXPECT_EQ(reply.id(), 0x0042);
  EXPECT_EQ(reply.address(), "192.0.2.80");
  ask(query("example.org", kA, 0x0042));
  ASSERT_EQ(resolver_.asked.size(), 2U);
  EXPECT_NE(resolver_.asked[0].substr(0, 2), resolver_.asked[1].substr(0, 2)) << "ids are drawn anew";
  EXPECT_EQ(resolver_.asked[0].substr(2), query("example.org").substr(2));
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 3)}; };
  EXPECT_EQ(ask(query("no.example.org")).rcode(), 3);
}

TEST_F(Dns, FailsInBoundedTimeWhenNobodyAnswers) {
  DnsServer::Options options;
  options.forwarding.timeout = std::chrono::milliseconds(20);
  start(std::move(options));
  const Reply reply = ask(query("example.org"));
  EXPECT_EQ(reply.rcode(), 2);
  EXPECT_EQ(reply.id(), 0x1234);
  EXPECT_EQ(resolver_.asked.size(), 2U) << "two rounds";
}

TEST_F(Dns, AsksTheNextServerWhenOneIsSilent) {
  FakeResolver silent;
  DnsServer::Options options;
  options.forwarding.timeout = std::chrono::milliseconds(20);
  options.forwarding.servers = {silent.address(), resolver_.address()};
  start(std::move(options));
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 0, "192.0.2.80")}; };
  EXPECT_EQ(ask(query("example.org")).address(), "192.0.2.80");
}

TEST_F(Dns, BelievesNothingButTheAnswerToItsOwnQuestion) {
  start();
  const auto stranger = bound(SOCK_DGRAM);
  resolver_.answer = [&](const std::string& asked) {
    std::string other_id = reply_to(asked, 0, "203.0.113.1");
    other_id[0] = static_cast<char>(other_id[0] ^ 1);
    const std::string other_question = reply_to(asked.substr(0, 2) + query("evil.org").substr(2), 0, "203.0.113.2");
    const std::string from_elsewhere = reply_to(asked, 0, "203.0.113.3");
    sendto(stranger.get(), from_elsewhere.data(), from_elsewhere.size(), 0,
           reinterpret_cast<sockaddr*>(&resolver_.asker), sizeof resolver_.asker);
    return std::vector{asked, other_id, other_question, std::string("x"), reply_to(asked, 0, "192.0.2.80")};
  };
  EXPECT_EQ(ask(query("example.org")).address(), "192.0.2.80");
  EXPECT_FALSE(hear_udp(20).came()) << "one question, one answer";
}

TEST_F(Dns, BoundsWhatItAsksAtOnce) {
  DnsServer::Options options;
  options.forwarding.most_at_once = 2;
  start(std::move(options));
  for (uint16_t id = 1; id <= 3; ++id) send_udp(query("example.org", kA, id));
  const Reply refused = hear_udp();
  ASSERT_TRUE(refused.came());
  EXPECT_EQ(refused.id(), 3);
  EXPECT_EQ(refused.rcode(), 2);
  EXPECT_LE(resolver_.asked.size(), 2U);
}

TEST_F(Dns, CutsALongAnswerForUdpAndGivesItWholeByTcp) {
  start();
  const Reply cut = ask(query("many.example"));
  EXPECT_TRUE(cut.is_truncated());
  EXPECT_LE(cut.bytes.size(), 512U);
  const auto stream = dial();
  const std::string message = query("many.example");
  const std::string framed = number(static_cast<uint16_t>(message.size())) + message;
  // In two pieces, and the second query right behind the first.
  send(stream.get(), framed.data(), 5, MSG_NOSIGNAL);
  step();
  const std::string rest = framed.substr(5) + framed;
  send(stream.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  const size_t size = 2 + message.size() + 60 * 16;
  const std::string heard = hear_tcp(stream, 2 * size);
  ASSERT_EQ(heard.size(), 2 * size);
  const Reply whole{heard.substr(2, size - 2)};
  EXPECT_FALSE(whole.is_truncated());
  EXPECT_EQ(whole.count(), 60U);
  EXPECT_EQ(heard.substr(size), heard.substr(0, size));
}

TEST_F(Dns, ForwardsByTcpWhatCameByTcp) {
  start();
  resolver_.answer = [](const std::string& asked) { return std::vector{reply_to(asked, 0, "192.0.2.80")}; };
  const auto stream = dial();
  const std::string message = query("example.org");
  const std::string framed = number(static_cast<uint16_t>(message.size())) + message;
  send(stream.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
  const std::string heard = hear_tcp(stream, 2 + message.size() + 16);
  EXPECT_EQ(Reply{heard.substr(2)}.address(), "192.0.2.80");
  EXPECT_EQ(Reply{heard.substr(2)}.id(), 0x1234);
}

TEST_F(Dns, ClosesOnAClientThatDripsItsQuery) {
  DnsServer::Options options;
  options.client_timeout = std::chrono::milliseconds(60);
  start(std::move(options));
  const auto stream = dial();
  bool is_closed = false;
  for (int i = 0; i < 2000 && !is_closed; ++i) {
    // A length of 64, and then less than that.
    if (i % 10 == 0 && i < 300) send(stream.get(), i == 10 ? "\x40" : "", 1, MSG_NOSIGNAL);
    step();
    char byte;
    const ssize_t got = recv(stream.get(), &byte, 1, MSG_DONTWAIT);
    is_closed = got == 0 || (got < 0 && errno == ECONNRESET);
  }
  EXPECT_TRUE(is_closed);
}

TEST_F(Dns, AnswersNothingToWhatIsNoQuery) {
  start();
  send_udp("short");
  send_udp(reply_to(query("reviews"), 0, "240.240.0.1"));
  EXPECT_FALSE(hear_udp(20).came());
  std::string two = query("reviews");
  two[5] = 2;
  EXPECT_EQ(ask(two + question("ratings", kA)).rcode(), 1);
  std::string update = query("reviews");
  update[2] = static_cast<char>(update[2] | 5 << 3);
  EXPECT_EQ(ask(update).rcode(), 4);
}

TEST_F(Dns, FollowsANewTable) {
  start();
  auto names = std::make_shared<model::NameTable>();
  names->entries.push_back({"reviews", {*IpAddress::parse("240.240.0.9")}, {}});
  server_->set_names(names);
  EXPECT_EQ(ask(query("reviews")).address(), "240.240.0.9");
}

TEST(ResolverConfigText, IsReadAsTheCLibraryReadsIt) {
  const ResolverConfig config = parse_resolver_config(
      "; comment\nnameserver 192.0.2.1\nnameserver\t2001:db8::1\nnameserver fe80::1%eth0\nnameserver bad\n"
      "nameserver 192.0.2.2\nnameserver 192.0.2.3\ndomain first.example\nsearch a.example. . b.example\r\n"
      "options ndots:5\n");
  ASSERT_EQ(config.servers.size(), 3U);
  EXPECT_EQ(config.servers[0].to_string(), "192.0.2.1:53");
  EXPECT_EQ(config.servers[1].to_string(), "[2001:db8::1]:53");
  EXPECT_EQ(config.search, (std::vector<std::string>{"a.example", "b.example"}));
}

}  // namespace
}  // namespace ripstop::proxy::dns
