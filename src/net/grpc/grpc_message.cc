#include "net/grpc/grpc_message.h"

#include <cstdint>

namespace ripstop::net {

runtime::Task<Result<std::optional<std::string>>> GrpcMessageReader::next(Http2Stream& stream, TimePoint deadline) {
  using State = protocol::GrpcDecoder::State;
  while (true) {
    const auto bytes = co_await stream.read_body(deadline);
    if (!bytes) co_return std::unexpected(bytes.error());
    if (bytes->empty()) {
      if (decoder_.at_boundary()) co_return std::nullopt;
      co_return fail(ErrorCode::kParse, "the stream ended inside a message");
    }
    const protocol::GrpcDecoder::Step step = decoder_.next(*bytes);
    if (step.state == State::kTooLarge) co_return fail(ErrorCode::kTooLarge, "a message is larger than what is taken");
    if (step.state == State::kMalformed) co_return fail(ErrorCode::kParse, "a message has unknown flags");
    std::string message(step.message);
    stream.consume(step.consumed);
    if (step.state != State::kMessage) continue;
    if (step.compressed) co_return fail(ErrorCode::kUnsupported, "compressed messages are not taken");
    co_return message;
  }
}

runtime::Task<Status> write_grpc_message(Http2Stream& stream, std::string_view message, TimePoint deadline) {
  if (message.size() > UINT32_MAX) co_return fail(ErrorCode::kTooLarge, "a message has less than 4 GiB");
  const auto prefix = protocol::grpc_prefix(static_cast<uint32_t>(message.size()));
  if (Status sent = co_await stream.write_body({prefix.data(), prefix.size()}, deadline); !sent) co_return sent;
  co_return co_await stream.write_body(message, deadline);
}

}  // namespace ripstop::net
