#include "protocol/grpc_frame.h"

#include <algorithm>

#include "protocol/bytes/bytes_reader.h"

namespace ripstop::protocol {

std::array<char, kGrpcPrefixSize> grpc_prefix(uint32_t size, bool compressed) {
  const auto byte = [&](unsigned shift) { return static_cast<char>(size >> shift & 0xFF); };
  return {static_cast<char>(compressed ? 1 : 0), byte(24), byte(16), byte(8), byte(0)};
}

GrpcDecoder::Step GrpcDecoder::next(std::string_view bytes) {
  const size_t of_prefix = std::min(kGrpcPrefixSize - prefix_size_, bytes.size());
  std::copy_n(bytes.begin(), of_prefix, prefix_.begin() + static_cast<ptrdiff_t>(prefix_size_));
  // A message handed out from partial_ by the last call is no longer needed.
  if (prefix_size_ == 0) partial_.clear();
  prefix_size_ += of_prefix;
  if (prefix_size_ < kGrpcPrefixSize) return {.consumed = of_prefix};

  BytesReader prefix({prefix_.data(), prefix_.size()});
  const uint8_t flags = prefix.u8();
  const size_t size = prefix.u32();
  if (flags > 1) return {.state = State::kMalformed};
  if (size > max_message_) return {.state = State::kTooLarge};

  const std::string_view rest = bytes.substr(of_prefix, size - partial_.size());
  Step step{.consumed = of_prefix + rest.size(), .compressed = flags == 1};
  if (partial_.size() + rest.size() < size) {
    partial_ += rest;
    return step;
  }
  step.state = State::kMessage;
  step.message = rest;
  prefix_size_ = 0;
  if (!partial_.empty()) step.message = partial_ += rest;
  return step;
}

}  // namespace ripstop::protocol
