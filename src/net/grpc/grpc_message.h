// gRPC's length-prefixed messages over an HTTP/2 stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http2/http2_stream.h"
#include "protocol/grpc_frame.h"
#include "runtime/task.h"

namespace ripstop::net {

// Reads one message after the other. A message that was begun is kept when the wait for the rest is cancelled or times
// out, so next() may be called again.
class GrpcMessageReader {
 public:
  // Messages above `max_message` bytes are refused before anything is allocated for them.
  explicit GrpcMessageReader(size_t max_message) : decoder_(max_message) {}

  // nullopt at the end of the body. kTooLarge above the budget, kUnsupported for a compressed message, kParse when the
  // body ends inside a message; the stream's own errors otherwise.
  runtime::Task<Result<std::optional<std::string>>> next(Http2Stream& stream, TimePoint deadline);

 private:
  protocol::GrpcDecoder decoder_;
};

// Writes one message, waiting for the peer's window.
runtime::Task<Status> write_grpc_message(Http2Stream& stream, std::string_view message, TimePoint deadline);

}  // namespace ripstop::net
