// DNS for members of the mesh: the mesh's names are answered here with their virtual addresses, everything else by the
// host's resolvers. UDP and TCP. Configuration thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/listener.h"
#include "proxy/dns/forwarder.h"
#include "proxy/dns/name_index.h"
#include "runtime/file_descriptor.h"
#include "runtime/scope.h"
#include "runtime/socket.h"

namespace ripstop::proxy::dns {

class DnsServer {
 public:
  struct Options {
    std::string resolver_config = "/etc/resolv.conf";  // of the host; read once
    Forwarder::Options forwarding;                     // servers: those of the file when empty
    size_t most_clients = 256;                         // TCP connections, and as many UDP queries being answered
    Duration client_timeout = std::chrono::seconds(10);
  };

  // `sockets`: bound UDP sockets and listening TCP ones, in any order.
  static Result<std::unique_ptr<DnsServer>> make(std::vector<runtime::FileDescriptor> sockets, Options options,
                                                 Random& random);

  void set_names(std::shared_ptr<const model::NameTable> names);

 private:
  DnsServer(Options options, ResolverConfig config, Random& random);
  Status serve(runtime::FileDescriptor socket);
  runtime::Task<void> serve_udp(runtime::Socket socket);
  runtime::Task<void> serve_tcp(runtime::Acceptor acceptor);
  runtime::Task<void> serve_client(runtime::FileDescriptor fd);
  struct Sender;
  runtime::Task<void> answer_udp(int fd, std::string message, Sender sender);
  // Empty: there is nothing to say to such a message.
  runtime::Task<std::string> answer(std::string message, bool by_tcp);

  Options options_;
  ResolverConfig config_;
  Forwarder forwarder_;
  std::shared_ptr<const NameIndex> names_;
  runtime::Scope listeners_;
  runtime::Scope clients_;
  runtime::Scope queries_;  // after the sockets that its tasks answer on
};

}  // namespace ripstop::proxy::dns
