#include "net/stream.h"

namespace ripstop::net {

runtime::Task<Result<size_t>> read_some(Stream& stream, std::span<char> into, TimePoint deadline) {
  for (;;) {
    const Transfer got = stream.try_read(into);
    if (got.state == Transfer::State::kDone) co_return got.bytes;
    if (got.state == Transfer::State::kEnd) co_return size_t{0};
    if (got.state == Transfer::State::kFailed) co_return fail(ErrorCode::kReset, stream.failure());
    if (!co_await stream.readable().wait(deadline))
      co_return fail(ErrorCode::kTimeout, "the peer sent nothing in time");
  }
}

runtime::Task<Status> write_all(Stream& stream, std::string_view from, TimePoint deadline) {
  while (!from.empty()) {
    const Transfer sent = stream.try_write(from);
    if (sent.state == Transfer::State::kDone) {
      from.remove_prefix(sent.bytes);
      continue;
    }
    if (sent.state != Transfer::State::kWouldBlock) co_return fail(ErrorCode::kReset, stream.failure());
    if (!co_await stream.writable().wait(deadline))
      co_return fail(ErrorCode::kTimeout, "the peer took nothing in time");
  }
  co_return Status{};
}

}  // namespace ripstop::net
