#include "proxy/listener/tunnel.h"

#include <algorithm>

#include "runtime/memory/block_pool.h"
#include "runtime/pipe/splice_pipe.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

using runtime::Transfer;

constexpr size_t kFirstBlock = 16U << 10;
constexpr size_t kLargestBlock = 256U << 10;

enum class End : uint8_t { kNotYet, kOrderly, kReadFailed, kWriteFailed, kIdle };

// Seen by both directions: a flow one way keeps the other from timing out.
struct Activity {
  TimePoint last;
  Duration timeout;
  [[nodiscard]] TimePoint deadline() const { return deadline_after(last, timeout); }
  void note() { last = runtime::Reactor::current().now(); }
  [[nodiscard]] bool is_over() const { return runtime::Reactor::current().now() >= deadline(); }
};

// One direction of a tunnel.
class Carrier {
 public:
  Carrier(net::Stream& from, net::Stream& to, runtime::Towards whom, Activity& activity, uint64_t& count)
      : from_(from), to_(to), whom_(whom), activity_(activity), count_(count) {}

  runtime::Task<End> carry(std::string_view early);

 private:
  runtime::Task<End> splice();
  runtime::Task<bool> write_all(std::string_view bytes);
  runtime::Task<bool> wait_for_room();
  [[nodiscard]] End write_failure() const { return is_idle_ ? End::kIdle : End::kWriteFailed; }

  net::Stream& from_;
  net::Stream& to_;
  runtime::Towards whom_;
  Activity& activity_;
  uint64_t& count_;
  size_t size_ = kFirstBlock;
  bool can_splice_ = from_.plain_socket() != nullptr && to_.plain_socket() != nullptr;
  bool is_idle_ = false;
};

runtime::Task<bool> Carrier::wait_for_room() {
  if (co_await to_.writable().wait(activity_.deadline()) || !activity_.is_over()) co_return true;
  is_idle_ = true;
  co_return false;
}

runtime::Task<bool> Carrier::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const Transfer sent = to_.try_write(bytes);
    if (sent.state == Transfer::State::kDone) {
      bytes.remove_prefix(sent.bytes);
      count_ += sent.bytes;
      activity_.note();
    } else if (sent.state != Transfer::State::kWouldBlock || !co_await wait_for_room()) {
      co_return false;
    }
  }
  co_return true;
}

// As long as bytes come without a pause; where they come in small pieces again, copying them is cheaper.
runtime::Task<End> Carrier::splice() {
  runtime::SplicePipe pipe = runtime::SplicePipe::take();
  can_splice_ = pipe.is_open();
  while (can_splice_) {
    const Transfer got = pipe.try_fill(*from_.plain_socket());
    if (got.state == Transfer::State::kWouldBlock) break;
    if (got.state == Transfer::State::kEnd) co_return End::kOrderly;
    if (got.state == Transfer::State::kFailed) co_return End::kReadFailed;
    size_ = got.bytes < kFirstBlock ? kFirstBlock : kLargestBlock;
    while (pipe.held() != 0) {
      const Transfer sent = pipe.try_drain(*to_.plain_socket());
      count_ += sent.bytes;
      const bool is_blocked = sent.state == Transfer::State::kWouldBlock;
      if (is_blocked ? !co_await wait_for_room() : sent.state != Transfer::State::kDone) co_return write_failure();
    }
    activity_.note();
  }
  co_return End::kNotYet;
}

// The block is held only while bytes are under way, and grows with a flow that fills it.
runtime::Task<End> Carrier::carry(std::string_view early) {
  if (!co_await write_all(early)) co_return write_failure();
  for (;;) {
    if (size_ == kLargestBlock && can_splice_) {
      const End end = co_await splice();
      if (end == End::kOrderly) break;
      if (end != End::kNotYet) co_return end;
    }
    runtime::Block block = runtime::Block::take(runtime::Block::affordable(size_));
    const Transfer got = from_.try_read({block.data(), block.size()});
    if (got.state == Transfer::State::kWouldBlock) {
      block.give_back();
      if (!co_await from_.readable().wait(activity_.deadline()) && activity_.is_over()) co_return End::kIdle;
      continue;
    }
    if (got.state == Transfer::State::kEnd) break;
    if (got.state == Transfer::State::kFailed) co_return End::kReadFailed;
    activity_.note();
    // A large block is sent while the caches still hold it.
    if (got.bytes < kFirstBlock) co_await runtime::turn_end(whom_);
    // Mostly all goes at once.
    const size_t sent = to_.try_write({block.data(), got.bytes}).bytes;
    count_ += sent;
    if (sent < got.bytes && !co_await write_all({block.data() + sent, got.bytes - sent})) co_return write_failure();
    if (got.bytes == block.size() && size_ < kLargestBlock) size_ *= 4;
  }
  to_.shutdown_write();
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
  Carrier forth(client, upstream, runtime::Towards::kUpstream, activity, live.from_client);
  Carrier back(upstream, client, runtime::Towards::kClient, activity, live.from_upstream);
  // Both run until one ends; an orderly end leaves the other to run on alone.
  runtime::both pair(forth.carry(options.early_from_client), back.carry(options.early_from_upstream),
                     [](const End& end) { return end != End::kOrderly; });
  const auto outcome = co_await pair;
  if (outcome.first) note_failure(*outcome.first, true, live);
  if (outcome.second) note_failure(*outcome.second, false, live);
  if (live.client_failed || live.upstream_failed || live.timed_out) {
    client.reset_on_close();
    upstream.reset_on_close();
  }
}

}  // namespace ripstop::proxy
