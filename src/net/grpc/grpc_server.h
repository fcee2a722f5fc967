// gRPC server: a table of methods, served on any number of connections of one thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "net/grpc/grpc_message.h"
#include "net/grpc/grpc_status.h"
#include "net/http2/http2_connection.h"
#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::net {

// One call as its handler sees it. Valid while the handler runs.
class GrpcServerCall {
 public:
  GrpcServerCall(Http2Stream& stream, size_t max_message, TimePoint deadline)
      : stream_(stream), reader_(max_message), deadline_(deadline) {}

  [[nodiscard]] std::string_view method() const { return stream_.head().find(":path").value_or(""); }
  // All request fields, pseudo-fields included.
  [[nodiscard]] const FieldBlock& metadata() const { return stream_.head(); }
  // The peer's proven identity; null on plain connections.
  [[nodiscard]] const TlsSession* tls() const;
  [[nodiscard]] SocketAddress peer_address() const;
  // When the client stops waiting; kNever when it did not say.
  [[nodiscard]] TimePoint deadline() const { return deadline_; }

  // The next message; nullopt when the client has said all. kTimeout at `deadline`: read() may be called again.
  runtime::Task<Result<std::optional<std::string>>> read(TimePoint deadline = kNever);
  // Waits until the message fits the send buffer. Messages larger than that wait for the client's window.
  runtime::Task<Status> write(std::string message, TimePoint deadline = kNever);
  // Sent with the status.
  void add_trailer(std::string_view name, std::string_view value) { trailers_.add(name, value); }

 private:
  friend class GrpcServer;
  Status write_head();
  Status finish(const GrpcStatus& status);

  Http2Stream& stream_;
  GrpcMessageReader reader_;
  TimePoint deadline_;
  bool has_head_ = false;
  FieldBlock trailers_;
};

// Runs one call to its status. Cancelled when the client is gone or its deadline has passed.
using GrpcHandler = std::function<runtime::Task<GrpcStatus>(GrpcServerCall& call)>;
// The same for one request and one response.
using GrpcUnaryHandler = std::function<runtime::Task<Result<std::string>>(GrpcServerCall& call, std::string request)>;

// 30 s of silence, then a PING, then 10 s for the answer.
[[nodiscard]] Http2Options grpc_server_options();

struct GrpcServerOptions {
  size_t max_message = 4U << 20;
  Http2Options http2 = grpc_server_options();
};

class GrpcServer {
 public:
  explicit GrpcServer(GrpcServerOptions options = {}) : options_(std::move(options)) {}
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // `path` as on the wire: "/package.Service/Method". Before the first serve().
  void add(std::string path, GrpcHandler handler);
  void add_unary(std::string path, GrpcUnaryHandler handler);

  // Serves one connection until it is over. The server must outlive the task; destroying the task ends the connection.
  runtime::Task<void> serve(StreamPtr transport);
  // Lets every connection end in order. Await the serve() tasks, with a limit, for the end of it.
  void drain();
  [[nodiscard]] size_t connections() const { return connections_.size(); }

 private:
  runtime::Task<void> run(Http2StreamPtr stream);
  runtime::Task<GrpcStatus> run_unary(const GrpcUnaryHandler& handler, GrpcServerCall& call);

  GrpcServerOptions options_;
  std::map<std::string, GrpcHandler, std::less<>> methods_;
  std::set<Http2Connection*> connections_;
};

}  // namespace ripstop::net
