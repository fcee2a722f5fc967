// Names to addresses by c-ares on the reactor: A and AAAA with their time to live, the hosts file first, no search
// domains (a mesh asks for full names).
//
// One thread. Dropping a lookup abandons it; destroying the resolver ends those under way with kCancelled.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"

namespace ripstop::net {

enum class AddressFamily : uint8_t { kV4, kV6, kBoth };

struct Resolution {
  // In the order of the answer; never empty.
  std::vector<IpAddress> addresses;
  // The shortest of the addresses' and the aliases'; zero for names out of the hosts file, which is asked anew.
  std::chrono::seconds time_to_live{};
};

struct ResolverOptions {
  std::vector<SocketAddress> servers;  // empty: those of the system
  Duration first_timeout = std::chrono::seconds(2);
  int attempts = 3;  // each waits twice as long as the one before
  bool use_hosts_file = true;
};

class Resolver {
 public:
  static Result<std::unique_ptr<Resolver>> make(const ResolverOptions& options = {});
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // An address literal is answered at once. kNotFound when there is no such name or it has no address of the family,
  // kTimeout when nobody answered by the deadline, kUnavailable when the servers failed.
  runtime::Task<Result<Resolution>> resolve(std::string name, AddressFamily family, TimePoint deadline);
  // Lookups under way, abandoned ones included.
  [[nodiscard]] size_t pending() const;

 private:
  class Channel;
  explicit Resolver(std::unique_ptr<Channel> channel);
  std::unique_ptr<Channel> channel_;
};

}  // namespace ripstop::net
