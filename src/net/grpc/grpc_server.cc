#include "net/grpc/grpc_server.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

constexpr std::string_view kContentType = "application/grpc";

FieldBlock response_head() {
  return {{":status", "200"}, {"content-type", kContentType}};
}

void add_status(FieldBlock& block, const GrpcStatus& status) {
  block.add("grpc-status", std::to_string(static_cast<unsigned>(status.code)));
  if (!status.message.empty()) block.add("grpc-message", protocol::encode_grpc_message(status.message));
}

// Done when the client is gone (false) or its deadline has passed (true).
runtime::Task<bool> deadline_or_gone(Http2Stream& stream, TimePoint deadline) {
  co_return !co_await stream.closed().wait(deadline);
}

TimePoint call_deadline(const FieldBlock& head) {
  const auto timeout = protocol::parse_grpc_timeout(head.find("grpc-timeout").value_or(""));
  if (!timeout) return kNever;
  return deadline_after(runtime::Reactor::current().now(), std::max<Duration>(*timeout, Duration(1)));
}

}  // namespace

Http2Options grpc_server_options() {
  Http2Options options;
  options.ping_interval = std::chrono::seconds(30);
  options.ping_without_streams = true;
  return options;
}

const TlsSession* GrpcServerCall::tls() const {
  return stream_.transport() == nullptr ? nullptr : stream_.transport()->tls();
}

SocketAddress GrpcServerCall::peer_address() const {
  return stream_.transport() == nullptr ? SocketAddress{} : stream_.transport()->peer_address();
}

runtime::Task<Result<std::optional<std::string>>> GrpcServerCall::read(TimePoint deadline) {
  return reader_.next(stream_, deadline);
}

runtime::Task<Status> GrpcServerCall::write(std::string message, TimePoint deadline) {
  if (Status begun = write_head(); !begun) co_return begun;
  co_return co_await write_grpc_message(stream_, message, deadline);
}

Status GrpcServerCall::write_head() {
  if (std::exchange(has_head_, true)) return {};
  return stream_.write_head(response_head());
}

Status GrpcServerCall::finish(const GrpcStatus& status) {
  if (has_head_) {
    add_status(trailers_, status);
    return stream_.end(std::move(trailers_));
  }
  FieldBlock head = response_head();
  add_status(head, status);
  head.add_all(trailers_);
  return stream_.write_head(head, true);
}

void GrpcServer::add(std::string path, GrpcHandler handler) {
  methods_.insert_or_assign(std::move(path), std::move(handler));
}

void GrpcServer::add_unary(std::string path, GrpcUnaryHandler handler) {
  add(std::move(path), [this, unary = std::move(handler)](GrpcServerCall& call) { return run_unary(unary, call); });
}

runtime::Task<GrpcStatus> GrpcServer::run_unary(const GrpcUnaryHandler& handler, GrpcServerCall& call) {
  auto request = co_await call.read();
  if (!request) co_return to_grpc_status(request.error());
  if (!*request) co_return GrpcStatus{GrpcCode::kInternal, "a unary call needs a message"};
  auto response = co_await handler(call, std::move(**request));
  if (!response) co_return to_grpc_status(response.error());
  if (Status sent = co_await call.write(std::move(*response)); !sent) co_return to_grpc_status(sent.error());
  co_return GrpcStatus{};
}

runtime::Task<void> GrpcServer::run(Http2StreamPtr stream) {
  const FieldBlock& head = stream->head();
  const bool is_grpc = head.find("content-type").value_or("").starts_with(kContentType);
  if (head.find(":method") != "POST" || !is_grpc) {
    static_cast<void>(stream->write_head({{":status", is_grpc ? "405" : "415"}}, true));
    co_return;
  }
  GrpcServerCall call(*stream, options_.max_message, call_deadline(head));
  const auto method = methods_.find(call.method());
  if (method == methods_.end()) {
    static_cast<void>(call.finish({GrpcCode::kUnimplemented, "unknown method " + std::string(call.method())}));
    co_return;
  }
  auto outcome = co_await runtime::race(method->second(call), deadline_or_gone(*stream, call.deadline()));
  if (const auto* status = std::get_if<0>(&outcome)) {
    static_cast<void>(call.finish(*status));
  } else if (std::get<1>(outcome)) {
    static_cast<void>(call.finish({GrpcCode::kDeadlineExceeded, "the deadline of the call has passed"}));
  }
}

runtime::Task<void> GrpcServer::serve(StreamPtr transport) {
  struct Registered {
    std::set<Http2Connection*>& all;
    std::unique_ptr<Http2Connection> connection;
    ~Registered() { all.erase(connection.get()); }
  };
  const Registered registered{
      connections_,
      Http2Connection::server(
          std::move(transport), [this](Http2StreamPtr stream) { return run(std::move(stream)); }, options_.http2)};
  connections_.insert(registered.connection.get());
  co_await registered.connection->closed().wait();
}

void GrpcServer::drain() {
  for (Http2Connection* connection : connections_) connection->drain();
}

}  // namespace ripstop::net
