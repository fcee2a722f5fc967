// gRPC messages on an HTTP/2 stream: one byte of flags, four of length, the message ("Length-Prefixed-Message" of the
// gRPC over HTTP/2 protocol description).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ripstop::protocol {

inline constexpr size_t kGrpcPrefixSize = 5;
// gRPC's own default for received messages.
inline constexpr size_t kGrpcDefaultMaxMessage = size_t{4} * 1024 * 1024;

// What goes before a message of that size.
[[nodiscard]] std::array<char, kGrpcPrefixSize> grpc_prefix(uint32_t size, bool compressed = false);

// Finds messages in DATA as it comes. Memory grows with what has arrived, never with what a prefix promises.
class GrpcDecoder {
 public:
  enum class State {
    kMore,       // everything was consumed; feed more
    kMessage,    // `message` is complete
    kTooLarge,   // a prefix announced more than the budget: RESOURCE_EXHAUSTED
    kMalformed,  // flags other than 0 and 1: INTERNAL
  };
  struct Step {
    State state = State::kMore;
    size_t consumed = 0;
    // A view into the bytes fed, or into the decoder until the next call.
    std::string_view message;
    bool compressed = false;
  };

  explicit GrpcDecoder(size_t max_message = kGrpcDefaultMaxMessage) : max_message_(max_message) {}

  // Drop `consumed` bytes and call again until kMore. After kTooLarge or kMalformed the stream is to be reset.
  [[nodiscard]] Step next(std::string_view bytes);
  // Nothing of a message is pending, so the stream may end here.
  [[nodiscard]] bool at_boundary() const { return prefix_size_ == 0; }

 private:
  size_t max_message_;
  std::array<char, kGrpcPrefixSize> prefix_{};
  size_t prefix_size_ = 0;
  std::string partial_;
};

}  // namespace ripstop::protocol
