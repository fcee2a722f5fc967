#include "proxy/dns/forwarder.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/stream.h"
#include "protocol/dns/dns.h"
#include "runtime/reactor.h"
#include "runtime/socket.h"
#include "runtime/socket_address.h"

namespace ripstop::proxy::dns {
namespace {

class Count {
 public:
  explicit Count(size_t& count) : count_(count) { ++count_; }
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  ~Count() { --count_; }

 private:
  size_t& count_;
};

}  // namespace

runtime::Task<Result<std::string>> Forwarder::ask(std::string query, bool by_tcp) {
  if (under_way_ >= options_.most_at_once) {
    co_return fail(ErrorCode::kUnavailable, "too many DNS queries are under way");
  }
  const Count count(under_way_);
  const uint16_t id = protocol::dns_id(query);
  for (uint32_t round = 0; round < options_.rounds; ++round) {
    for (const SocketAddress& server : options_.servers) {
      protocol::set_dns_id(query, static_cast<uint16_t>(random_.next()));
      auto answer = by_tcp ? co_await ask_by_tcp(query, server) : co_await ask_by_udp(query, server);
      if (!answer) continue;
      protocol::set_dns_id(*answer, id);
      co_return std::move(*answer);
    }
  }
  co_return fail(ErrorCode::kUnavailable, "no resolver of this host answers");
}

runtime::Task<Result<std::string>> Forwarder::ask_by_udp(std::string query, SocketAddress server) {
  const TimePoint deadline = runtime::Reactor::current().now() + options_.timeout;
  const runtime::KernelAddress to = runtime::to_kernel(server);
  runtime::FileDescriptor fd(::socket(to.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // Connected, so that the kernel lets nothing through but what comes from that server.
  if (!fd.is_valid() || ::connect(fd.get(), to.get(), to.size) != 0) co_return fail_errno("dns", errno);
  auto socket = runtime::Socket::adopt(std::move(fd));
  if (!socket) co_return fail_with(socket);
  if (socket->try_write(query).state != runtime::Transfer::State::kDone) {
    co_return fail(ErrorCode::kUnavailable, "cannot send to " + server.to_string());
  }
  std::string answer(protocol::kDnsMaxMessage, '\0');
  for (;;) {
    const ssize_t size = recv(socket->fd(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) co_return fail_errno("dns", errno);
    if (size < 0) {
      socket->readable().clear();
      if (!co_await socket->readable().wait(deadline)) {
        co_return fail(ErrorCode::kTimeout, server.to_string() + " does not answer");
      }
      continue;
    }
    const std::string_view got(answer.data(), static_cast<size_t>(size));
    const bool is_ours = protocol::is_dns_response(got) && protocol::dns_id(got) == protocol::dns_id(query) &&
                         protocol::answers_dns_question(query, got);
    if (!is_ours) continue;
    answer.resize(static_cast<size_t>(size));
    co_return std::move(answer);
  }
}

runtime::Task<Result<std::string>> Forwarder::ask_by_tcp(std::string query, SocketAddress server) {
  const TimePoint deadline = runtime::Reactor::current().now() + options_.timeout;
  auto socket = co_await runtime::connect({server, {}}, deadline);
  if (!socket) co_return fail_with(socket);
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
  std::string framed;
  if (!protocol::append_dns_tcp_message(query, framed)) co_return fail(ErrorCode::kTooLarge, "query too large");
  if (Status sent = co_await net::write_all(*stream, framed, deadline); !sent) co_return fail_with(sent);
  std::string received;
  std::array<char, 4096> chunk;
  for (;;) {
    if (const auto message = protocol::first_dns_tcp_message(received)) {
      const bool is_ours = protocol::is_dns_response(*message) &&
                           protocol::dns_id(*message) == protocol::dns_id(query) &&
                           protocol::answers_dns_question(query, *message);
      if (!is_ours) co_return fail(ErrorCode::kParse, server.to_string() + " answers another question");
      co_return std::string(*message);
    }
    auto got = co_await net::read_some(*stream, chunk, deadline);
    if (!got) co_return fail_with(got);
    if (*got == 0) co_return fail(ErrorCode::kClosed, server.to_string() + " closed without an answer");
    received.append(chunk.data(), *got);
  }
}

}  // namespace ripstop::proxy::dns
