// Passes queries that are not the mesh's on to the host's resolvers.
//
// Every query goes out from a socket of its own with a random id, and only an answer from that server to that question
// is believed. Bounded in number and in time.
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"

namespace ripstop::proxy::dns {

class Forwarder {
 public:
  struct Options {
    std::vector<SocketAddress> servers;
    Duration timeout = std::chrono::seconds(2);  // of one server
    uint32_t rounds = 2;                         // through all servers
    size_t most_at_once = 512;
  };

  Forwarder(Options options, Random& random) : options_(std::move(options)), random_(random) {}

  // The answer with the query's own id. kUnavailable when no server answered in time or too many queries are under way.
  // By TCP when the client itself came by TCP: its answer was too long for UDP.
  runtime::Task<Result<std::string>> ask(std::string query, bool by_tcp);

 private:
  runtime::Task<Result<std::string>> ask_by_udp(std::string query, SocketAddress server);
  runtime::Task<Result<std::string>> ask_by_tcp(std::string query, SocketAddress server);

  Options options_;
  Random& random_;
  size_t under_way_ = 0;
};

}  // namespace ripstop::proxy::dns
