#include "proxy/listener/tunnel.h"

#include <algorithm>

#include "runtime/memory/block_pool.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

using runtime::Transfer;

constexpr size_t kFirstBlock = 16U << 10;
constexpr size_t kLargestBlock = 256U << 10;

enum class End : uint8_t { kOrderly, kReadFailed, kWriteFailed, kIdle };

// Seen by both directions: a flow one way keeps the other from timing out.
struct Activity {
  TimePoint last;
  Duration timeout;
  [[nodiscard]] TimePoint deadline() const { return deadline_after(last, timeout); }
  void note() { last = runtime::Reactor::current().now(); }
  [[nodiscard]] bool is_over() const { return runtime::Reactor::current().now() >= deadline(); }
};

runtime::Task<bool> write_all(net::Stream& to, std::string_view bytes, Activity& activity, bool& idle) {
  while (!bytes.empty()) {
    const Transfer sent = to.try_write(bytes);
    if (sent.state == Transfer::State::kDone) {
      bytes.remove_prefix(sent.bytes);
      activity.note();
      continue;
    }
    if (sent.state != Transfer::State::kWouldBlock) co_return false;
    if (!co_await to.writable().wait(activity.deadline()) && activity.is_over()) {
      idle = true;
      co_return false;
    }
  }
  co_return true;
}

// The block is held only while bytes are under way, and grows with a flow that fills it.
runtime::Task<End> carry(net::Stream& from, net::Stream& to, std::string_view early, Activity& activity,
                         uint64_t& count) {
  bool idle = false;
  if (!co_await write_all(to, early, activity, idle)) co_return idle ? End::kIdle : End::kWriteFailed;
  count += early.size();
  size_t size = kFirstBlock;
  runtime::Block block;
  for (;;) {
    if (!block.is_held()) block = runtime::Block::take(size);
    const Transfer got = from.try_read({block.data(), block.size()});
    if (got.state == Transfer::State::kWouldBlock) {
      block.give_back();
      if (!co_await from.readable().wait(activity.deadline()) && activity.is_over()) co_return End::kIdle;
      continue;
    }
    if (got.state == Transfer::State::kEnd) break;
    if (got.state == Transfer::State::kFailed) co_return End::kReadFailed;
    activity.note();
    co_await runtime::turn_end();
    if (!co_await write_all(to, {block.data(), got.bytes}, activity, idle)) {
      co_return idle ? End::kIdle : End::kWriteFailed;
    }
    count += got.bytes;
    if (got.bytes == block.size() && size < kLargestBlock) {
      size *= 4;
      block.give_back();
    }
  }
  to.shutdown_write();
  co_return End::kOrderly;
}

void note_failure(End end, bool from_client, TunnelResult& live) {
  if (end == End::kIdle) live.timed_out = true;
  const bool is_client = (end == End::kReadFailed) == from_client;
  if (end == End::kReadFailed || end == End::kWriteFailed)
    (is_client ? live.client_failed : live.upstream_failed) = true;
}

}  // namespace

runtime::Task<void> relay(net::Stream& client, net::Stream& upstream, TunnelOptions options, TunnelResult& live) {
  Activity activity{runtime::Reactor::current().now(), options.idle_timeout};
  runtime::Task<End> forth = carry(client, upstream, options.early_from_client, activity, live.from_client);
  runtime::Task<End> back = carry(upstream, client, options.early_from_upstream, activity, live.from_upstream);
  // Both run until one ends; an orderly end leaves the other to run on alone.
  runtime::both pair(std::move(forth), std::move(back), [](const End& end) { return end != End::kOrderly; });
  const auto outcome = co_await pair;
  if (outcome.first) note_failure(*outcome.first, true, live);
  if (outcome.second) note_failure(*outcome.second, false, live);
  if (live.client_failed || live.upstream_failed || live.timed_out) {
    client.reset_on_close();
    upstream.reset_on_close();
  }
}

}  // namespace ripstop::proxy
