#include "net/linger.h"

#include "runtime/memory/block_pool.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

constexpr Duration kLongest = std::chrono::seconds(1);
constexpr size_t kMost = size_t{1} << 20;
constexpr size_t kStep = 4096;

}  // namespace

runtime::Task<void> linger(Stream& stream) {
  stream.shutdown_write();
  const TimePoint deadline = runtime::Reactor::current().now() + kLongest;
  // Not in the frame, which may be part of a frame that lives as long as the connection.
  const runtime::Block discarded = runtime::Block::take(kStep);
  for (size_t total = 0; total < kMost;) {
    auto got = co_await read_some(stream, {discarded.data(), discarded.size()}, deadline);
    if (!got || *got == 0) co_return;
    total += *got;
  }
}

}  // namespace ripstop::net
