#include "net/read_append.h"

#include "runtime/memory/block_pool.h"

namespace ripstop::net {

Transfer try_read_append(Stream& stream, std::string& into) {
  const runtime::Block block = runtime::Block::take(16U << 10);
  const Transfer got = stream.try_read({block.data(), block.size()});
  if (got.state == Transfer::State::kDone) into.append(block.data(), got.bytes);
  return got;
}

runtime::Task<Result<size_t>> read_append(Stream& stream, std::string& into, TimePoint deadline) {
  while (true) {
    const Transfer got = try_read_append(stream, into);
    if (got.state == Transfer::State::kDone) co_return got.bytes;
    if (got.state == Transfer::State::kEnd) co_return size_t{0};
    if (got.state == Transfer::State::kFailed) co_return fail(ErrorCode::kReset, stream.failure());
    if (!co_await stream.readable().wait(deadline)) co_return fail(ErrorCode::kTimeout, "nothing arrived in time");
  }
}

}  // namespace ripstop::net
