// gRPC client: calls over one HTTP/2 connection, made when first needed and again after it is gone.
//
// One thread. A channel may be destroyed at any time outside of its connector; its calls then fail with kUnavailable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/grpc/grpc_message.h"
#include "net/grpc/grpc_status.h"
#include "net/http2/http2_connection.h"
#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::net {

// One call, of any of the four kinds. Destroying it cancels what is not over. One coroutine may read while another
// writes.
class GrpcCall {
 public:
  GrpcCall(Http2StreamPtr stream, size_t max_message, TimePoint deadline)
      : stream_(std::move(stream)), reader_(max_message), deadline_(deadline) {}

  // Waits until the message fits the send buffer. When the peer has ended the call, read() tells why.
  runtime::Task<Status> write(std::string message);
  // No more messages from us.
  Status close_send() { return stream_->end(); }
  // The next message; nullopt when the peer ended the call with OK. Any other status is an error, as by to_error();
  // status() has it as it came. kTimeout at `deadline` (or at the call's own): read() may be called again.
  runtime::Task<Result<std::optional<std::string>>> read(TimePoint deadline = kNever);
  // Right once read() has given nullopt or an error.
  [[nodiscard]] const GrpcStatus& status() const { return status_; }
  // Initial metadata; empty before the first read() is done.
  [[nodiscard]] const FieldBlock& metadata() const { return stream_->head(); }
  [[nodiscard]] const FieldBlock& trailing_metadata() const { return stream_->trailers(); }
  void cancel() { stream_->reset(Http2Code::kCancel); }

 private:
  runtime::Task<Status> read_head(TimePoint deadline);
  void set_status(const FieldBlock& trailers);
  std::unexpected<Error> failed(const Error& error);

  Http2StreamPtr stream_;
  GrpcMessageReader reader_;
  TimePoint deadline_;
  bool has_head_ = false;
  GrpcStatus status_;
};

// 30 s of silence, then a PING, then 10 s for the answer; windows for large configurations.
[[nodiscard]] Http2Options grpc_client_options();

struct GrpcChannelOptions {
  std::string authority;
  std::string scheme = "http";
  size_t max_message = 16U << 20;
  Duration connect_timeout = std::chrono::seconds(10);
  Http2Options http2 = grpc_client_options();
};

class GrpcChannel {
 public:
  // Makes a connection, with TLS or without; the channel speaks HTTP/2 on it at once.
  using Connector = std::function<runtime::Task<Result<StreamPtr>>(TimePoint deadline)>;

  GrpcChannel(Connector connector, GrpcChannelOptions options);
  GrpcChannel(const GrpcChannel&) = delete;
  GrpcChannel& operator=(const GrpcChannel&) = delete;
  ~GrpcChannel();

  // Begins a call of `method` ("/package.Service/Method"). `deadline` bounds the call as a whole and is told to the
  // peer; kNever for none. kUnavailable when no connection can be made.
  runtime::Task<Result<std::unique_ptr<GrpcCall>>> open(std::string method, FieldBlock metadata, TimePoint deadline);
  // One request, one response.
  runtime::Task<Result<std::string>> unary(std::string method, std::string request, FieldBlock metadata,
                                           TimePoint deadline);
  [[nodiscard]] bool is_connected() const;

 private:
  struct State;
  static runtime::Task<Status> connect(std::shared_ptr<State> state, TimePoint deadline);

  std::shared_ptr<State> state_;
};

}  // namespace ripstop::net
