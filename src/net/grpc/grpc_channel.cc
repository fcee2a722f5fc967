#include "net/grpc/grpc_channel.h"

#include <algorithm>
#include <list>
#include <utility>

#include "runtime/event.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

constexpr std::string_view kContentType = "application/grpc";

FieldBlock request_head(const GrpcChannelOptions& options, std::string_view method, const FieldBlock& metadata,
                        TimePoint deadline) {
  FieldBlock head{{":method", "POST"},
                  {":scheme", options.scheme},
                  {":path", method},
                  {":authority", options.authority},
                  {"te", "trailers"},
                  {"content-type", kContentType},
                  {"user-agent", "grpc-ripstop/0.1"}};
  if (deadline != kNever) {
    head.add("grpc-timeout", protocol::format_grpc_timeout(deadline - runtime::Reactor::current().now()));
  }
  head.add_all(metadata);
  return head;
}

}  // namespace

Http2Options grpc_client_options() {
  Http2Options options;
  options.stream_window = 1U << 20;
  options.connection_window = 4U << 20;
  options.ping_interval = std::chrono::seconds(30);
  return options;
}

runtime::Task<Status> GrpcCall::write(std::string message) {
  co_return co_await write_grpc_message(*stream_, message, deadline_);
}

std::unexpected<Error> GrpcCall::failed(const Error& error) {
  status_ = to_grpc_status(error);
  return std::unexpected(error);
}

void GrpcCall::set_status(const FieldBlock& trailers) {
  const auto code = trailers.find("grpc-status");
  if (!code) {
    status_ = {GrpcCode::kInternal, "the peer ended the call without a status"};
    return;
  }
  status_ = {protocol::parse_grpc_status(*code).value_or(GrpcCode::kUnknown),
             protocol::decode_grpc_message(trailers.find("grpc-message").value_or(""))};
}

runtime::Task<Status> GrpcCall::read_head(TimePoint deadline) {
  do {
    if (Status head = co_await stream_->read_head(deadline); !head) co_return failed(head.error());
  } while (stream_->is_interim());
  has_head_ = true;
  const int http_status = stream_->status();
  const bool is_grpc = stream_->head().find("content-type").value_or("").starts_with(kContentType);
  if (http_status == 200 && is_grpc) co_return Status{};
  if (stream_->head().find("grpc-status")) {
    set_status(stream_->head());
  } else {
    status_ = {protocol::grpc_status_of_http(static_cast<uint16_t>(http_status)),
               "the peer answered with HTTP status " + std::to_string(http_status) + ", not with gRPC"};
  }
  stream_->reset(Http2Code::kCancel);
  co_return std::unexpected(to_error(status_, ErrorOrigin::kUpstream));
}

runtime::Task<Result<std::optional<std::string>>> GrpcCall::read(TimePoint deadline) {
  deadline = std::min(deadline, deadline_);
  if (!has_head_) {
    if (Status head = co_await read_head(deadline); !head) co_return fail_with(head);
  }
  auto message = co_await reader_.next(*stream_, deadline);
  if (!message) co_return failed(message.error());
  if (*message) co_return message;
  // A call that fails at once has its status in the head ("trailers-only").
  const bool is_trailers_only = stream_->trailers().is_empty() && stream_->head().find("grpc-status");
  set_status(is_trailers_only ? stream_->head() : stream_->trailers());
  if (status_.is_ok()) co_return std::nullopt;
  co_return std::unexpected(to_error(status_, ErrorOrigin::kUpstream));
}

// Shared with the coroutines that connect or wait for it, which may outlive the channel by a turn.
struct GrpcChannel::State {
  Connector connector;
  GrpcChannelOptions options;
  std::unique_ptr<Http2Connection> connection;
  std::vector<std::unique_ptr<Http2Connection>> retired;  // they end their calls
  bool is_connecting = false;
  std::list<runtime::Event*> waiting;

  [[nodiscard]] bool is_usable() const { return connection != nullptr && !connection->is_draining(); }

  void retire() {
    std::erase_if(retired, [](const auto& old) { return old->closed().is_set(); });
    if (connection != nullptr) retired.push_back(std::move(connection));
  }
};

namespace {

// A place in the queue of those who wait for the connection.
struct Waiting {
  std::list<runtime::Event*>& queue;
  runtime::Event event;
  std::list<runtime::Event*>::iterator place;

  explicit Waiting(std::list<runtime::Event*>& of) : queue(of), place(queue.insert(queue.end(), &event)) {}
  ~Waiting() { leave(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  void leave() {
    const auto found = std::ranges::find(queue, &event);
    if (found != queue.end()) queue.erase(found);
  }
};

}  // namespace

GrpcChannel::GrpcChannel(Connector connector, GrpcChannelOptions options) : state_(std::make_shared<State>()) {
  state_->connector = std::move(connector);
  state_->options = std::move(options);
}

GrpcChannel::~GrpcChannel() {
  // Waiters hold the state, so the connections are let go of here.
  state_->connection = nullptr;
  state_->retired.clear();
}

bool GrpcChannel::is_connected() const {
  return state_->is_usable() && !state_->connection->closed().is_set();
}

// One caller connects and the others wait for it. When that one is cancelled, the next in the queue takes over.
runtime::Task<Status> GrpcChannel::connect(std::shared_ptr<State> state, TimePoint deadline) {
  while (state->is_connecting) {
    Waiting waiting(state->waiting);
    if (!co_await waiting.event.wait(deadline)) co_return fail(ErrorCode::kTimeout, "no connection in time");
    if (state->is_usable()) co_return Status{};
  }
  struct Attempt {
    std::shared_ptr<State> state;
    explicit Attempt(std::shared_ptr<State> of) : state(std::move(of)) { state->is_connecting = true; }
    // Wakes in a later turn: a waiter must not run inside the coroutine that connected.
    ~Attempt() {
      state->is_connecting = false;
      runtime::Reactor::current().defer([kept = state] {
        while (!kept->waiting.empty()) {
          runtime::Event& event = *kept->waiting.front();
          kept->waiting.pop_front();
          event.set();
        }
      });
    }
  };
  const Attempt attempt(state);
  state->retire();
  const TimePoint now = runtime::Reactor::current().now();
  auto stream = co_await state->connector(std::min(deadline, deadline_after(now, state->options.connect_timeout)));
  if (!stream) co_return fail_with(stream);
  state->connection = Http2Connection::client(std::move(*stream), state->options.http2);
  co_return Status{};
}

runtime::Task<Result<std::unique_ptr<GrpcCall>>> GrpcChannel::open(std::string method, FieldBlock metadata,
                                                                   TimePoint deadline) {
  const std::shared_ptr<State> state = state_;
  if (!state->is_usable()) {
    if (Status connected = co_await connect(state, deadline); !connected) co_return fail_with(connected);
  }
  if (state->connection == nullptr) co_return fail(ErrorCode::kCancelled, "the channel was closed");
  auto stream = state->connection->open(request_head(state->options, method, metadata, deadline), false);
  if (!stream) co_return fail_with(stream);
  co_return std::make_unique<GrpcCall>(std::move(*stream), state->options.max_message, deadline);
}

runtime::Task<Result<std::string>> GrpcChannel::unary(std::string method, std::string request, FieldBlock metadata,
                                                      TimePoint deadline) {
  auto call = co_await open(std::move(method), std::move(metadata), deadline);
  if (!call) co_return fail_with(call);
  // A server may answer before it has read all; what it says then counts, not that it would not read.
  if (co_await (*call)->write(std::move(request))) static_cast<void>((*call)->close_send());
  auto response = co_await (*call)->read();
  if (!response) co_return fail_with(response);
  if (!*response) co_return fail(ErrorCode::kInternal, "the peer ended the call without a message");
  const auto end = co_await (*call)->read();
  if (!end) co_return std::unexpected(end.error());
  if (*end) co_return fail(ErrorCode::kInternal, "the peer sent a second message to a unary call");
  co_return std::move(**response);
}

}  // namespace ripstop::net
