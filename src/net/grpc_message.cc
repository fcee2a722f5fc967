#include "net/grpc_message.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ripstop::net {
namespace {

// A prefix costs five bytes whatever it announces, so memory for a large message grows with what has arrived.
constexpr size_t kReserve = 64U << 10;

}  // namespace

Result<size_t> GrpcMessageReader::take(std::string_view bytes) {
  const size_t prefix_part = std::min(prefix_.size() - prefix_size_, bytes.size());
  if (prefix_part != 0) {
    std::ranges::copy(bytes.substr(0, prefix_part), prefix_.begin() + static_cast<ptrdiff_t>(prefix_size_));
    prefix_size_ += prefix_part;
    if (prefix_size_ < prefix_.size()) return prefix_part;
    if (prefix_[0] != 0)
      return fail(ErrorCode::kUnsupported, "the peer compressed a message that it must not compress");
    message_size_ = 0;
    for (size_t i = 1; i < prefix_.size(); ++i) message_size_ = message_size_ << 8 | static_cast<uint8_t>(prefix_[i]);
    if (message_size_ > max_message_) {
      return fail(ErrorCode::kTooLarge, "a message of " + std::to_string(message_size_) + " bytes; at most " +
                                            std::to_string(max_message_) + " are taken");
    }
    message_.reserve(std::min(message_size_, kReserve));
  }
  const std::string_view content = bytes.substr(prefix_part, message_size_ - message_.size());
  message_.append(content);
  return prefix_part + content.size();
}

runtime::Task<Result<std::optional<std::string>>> GrpcMessageReader::next(Http2Stream& stream, TimePoint deadline) {
  while (prefix_size_ < prefix_.size() || message_.size() < message_size_) {
    const auto bytes = co_await stream.read_body(deadline);
    if (!bytes) co_return std::unexpected(bytes.error());
    if (bytes->empty()) {
      if (prefix_size_ == 0) co_return std::nullopt;
      co_return fail(ErrorCode::kParse, "the stream ended inside a message");
    }
    const auto taken = take(*bytes);
    if (!taken) co_return std::unexpected(taken.error());
    stream.consume(*taken);
  }
  prefix_size_ = 0;
  co_return std::exchange(message_, {});
}

runtime::Task<Status> write_grpc_message(Http2Stream& stream, std::string_view message, TimePoint deadline) {
  if (message.size() > UINT32_MAX) co_return fail(ErrorCode::kTooLarge, "a message has less than 4 GiB");
  std::array<char, 5> prefix{};
  for (size_t i = 1; i < prefix.size(); ++i) prefix[i] = static_cast<char>(message.size() >> (8 * (4 - i)));
  if (Status sent = co_await stream.write_body({prefix.data(), prefix.size()}, deadline); !sent) co_return sent;
  co_return co_await stream.write_body(message, deadline);
}

}  // namespace ripstop::net
