#include "proxy/dns/dns_server.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "net/stream.h"
#include "protocol/dns/dns.h"
#include "runtime/file.h"
#include "runtime/reactor.h"
#include "runtime/socket_address.h"
#include "runtime/wait.h"

namespace ripstop::proxy::dns {
namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// After so many datagrams in a row the rest of the thread's work has its turn.
constexpr int kBatch = 64;

}  // namespace

struct DnsServer::Sender {
  runtime::KernelAddress address;
};

DnsServer::DnsServer(Options options, ResolverConfig config, Random& random)
    : options_(std::move(options)),
      config_(std::move(config)),
      forwarder_(options_.forwarding, random),
      names_(std::make_shared<const NameIndex>(std::make_shared<const model::NameTable>(), config_.search)) {}

Result<std::unique_ptr<DnsServer>> DnsServer::make(std::vector<runtime::FileDescriptor> sockets, Options options,
                                                   Random& random) {
  ResolverConfig config;
  if (auto text = runtime::read_file(options.resolver_config, 64U << 10)) config = parse_resolver_config(*text);
  if (options.forwarding.servers.empty()) options.forwarding.servers = config.servers;
  std::unique_ptr<DnsServer> server(new DnsServer(std::move(options), std::move(config), random));
  for (runtime::FileDescriptor& socket : sockets) {
    if (Status served = server->serve(std::move(socket)); !served) return fail_with(served);
  }
  return server;
}

Status DnsServer::serve(runtime::FileDescriptor socket) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return fail_errno("descriptor " + std::to_string(socket.get()) + " (--dns-fd)", errno);
  }
  if (type == SOCK_STREAM) {
    auto acceptor = runtime::Acceptor::adopt(std::move(socket));
    if (!acceptor) return fail_with(acceptor);
    listeners_.spawn(serve_tcp(std::move(*acceptor)));
    return {};
  }
  auto adopted = runtime::Socket::adopt(std::move(socket));
  if (!adopted) return fail_with(adopted);
  listeners_.spawn(serve_udp(std::move(*adopted)));
  return {};
}

void DnsServer::set_names(std::shared_ptr<const model::NameTable> names) {
  names_ = std::make_shared<const NameIndex>(std::move(names), config_.search);
}

runtime::Task<void> DnsServer::serve_udp(runtime::Socket socket) {
  std::array<char, 4096> message;
  for (int in_a_row = 0;; ++in_a_row) {
    if (in_a_row == kBatch) {
      in_a_row = 0;
      co_await runtime::sleep_for(Duration(1));
    }
    Sender sender;
    sender.address.size = sizeof sender.address.storage;
    const ssize_t size =
        recvfrom(socket.fd(), message.data(), message.size(), MSG_DONTWAIT, sender.address.get(), &sender.address.size);
    if (size < 0 && errno == EAGAIN) {
      socket.readable().clear();
      co_await socket.readable().wait();
      in_a_row = 0;
      continue;
    }
    // Other failures belong to single datagrams (an earlier answer that could not be delivered); over the limit the
    // client asks again by itself.
    if (size <= 0 || queries_.size() >= options_.most_clients) continue;
    queries_.spawn(answer_udp(socket.fd(), std::string(message.data(), static_cast<size_t>(size)), sender));
  }
}

runtime::Task<void> DnsServer::answer_udp(int fd, std::string message, Sender sender) {
  const std::string reply = co_await answer(std::move(message), false);
  if (!reply.empty()) sendto(fd, reply.data(), reply.size(), MSG_NOSIGNAL, sender.address.get(), sender.address.size);
}

runtime::Task<void> DnsServer::serve_tcp(runtime::Acceptor acceptor) {
  for (;;) {
    auto accepted = co_await acceptor.accept();
    if (!accepted) {
      log::warning("proxy.dns", accepted.error().message);
      co_await runtime::sleep_for(kAcceptPause);
      continue;
    }
    if (clients_.size() < options_.most_clients) clients_.spawn(serve_client(std::move(*accepted)));
  }
}

runtime::Task<void> DnsServer::serve_client(runtime::FileDescriptor fd) {
  auto socket = runtime::Socket::adopt(std::move(fd));
  if (!socket) co_return;
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
  std::string received;
  std::array<char, 4096> chunk;
  TimePoint deadline = runtime::Reactor::current().now() + options_.client_timeout;
  for (;;) {
    if (const auto message = protocol::first_dns_tcp_message(received)) {
      std::string query(*message);
      received.erase(0, protocol::kDnsTcpPrefix + query.size());
      const std::string reply = co_await answer(std::move(query), true);
      std::string framed;
      if (reply.empty() || !protocol::append_dns_tcp_message(reply, framed)) co_return;
      // Of each query, not of each byte: slowness earns nobody a longer stay.
      deadline = runtime::Reactor::current().now() + options_.client_timeout;
      if (!co_await net::write_all(*stream, framed, deadline)) co_return;
      continue;
    }
    auto got = co_await net::read_some(*stream, chunk, deadline);
    if (!got || *got == 0) co_return;
    received.append(chunk.data(), *got);
  }
}

runtime::Task<std::string> DnsServer::answer(std::string message, bool by_tcp) {
  const auto query = protocol::parse_dns_query(message);
  if (!query) {
    if (!query.error().rcode) co_return std::string();
    co_return protocol::build_dns_refusal(message, *query.error().rcode);
  }
  const size_t limit = by_tcp ? protocol::kDnsMaxMessage : protocol::udp_answer_size(*query);
  const auto names = names_;
  if (query->klass == protocol::kDnsClassIn) {
    if (const auto found = names->find(query->name)) {
      protocol::DnsAnswer ours;
      ours.addresses = found->addresses;
      co_return protocol::build_dns_answer(*query, ours, limit);
    }
    if (names->is_attribute_of_service(query->name)) {
      protocol::DnsAnswer none;
      none.rcode = protocol::DnsRcode::kNameError;
      co_return protocol::build_dns_answer(*query, none, limit);
    }
  }
  auto theirs = co_await forwarder_.ask(std::move(message), by_tcp);
  if (theirs) co_return std::move(*theirs);
  log::debug("proxy.dns", query->name + ": " + theirs.error().message);
  protocol::DnsAnswer failure;
  failure.rcode = protocol::DnsRcode::kServerFailure;
  failure.authoritative = false;
  co_return protocol::build_dns_answer(*query, failure, limit);
}

}  // namespace ripstop::proxy::dns
