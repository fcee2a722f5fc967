#include "load/serve/server_connection.h"

#include <string>
#include <utility>

#include "load/content.h"
#include "load/http1_scan.h"

namespace ripstop::load {
namespace {

constexpr size_t kBufferSize = 256 * 1024;

class Http1Connection final : public ServerConnection {
 public:
  Http1Connection(Served& served, runtime::FileDescriptor fd) : ServerConnection(served, std::move(fd)) {}

 private:
  bool on_readable() override {
    const Moved moved = link().read(served().buffer);
    if (moved.state == Moved::State::kWouldBlock) return true;
    if (moved.state != Moved::State::kDone) return false;
    std::string_view bytes(served().buffer.data(), moved.bytes);
    if (!partial_.empty()) bytes = partial_.append(bytes);
    // Only requests without content are sent here, so a request is a head.
    size_t used = 0;
    for (size_t length = head_length(bytes); length > 0; length = head_length(bytes.substr(used))) {
      used += length;
      send(served().http1_response, true);
    }
    std::string rest(bytes.substr(used));
    partial_ = std::move(rest);
    return partial_.size() <= kBufferSize;
  }

  std::string partial_;
};

class EchoConnection final : public ServerConnection {
 public:
  EchoConnection(Served& served, runtime::FileDescriptor fd) : ServerConnection(served, std::move(fd)) {}

 private:
  bool on_readable() override {
    const Moved moved = link().read(served().buffer);
    if (moved.state == Moved::State::kWouldBlock) return true;
    if (moved.state != Moved::State::kDone) return false;
    send({served().buffer.data(), moved.bytes});
    return true;
  }
};

class SourceConnection final : public ServerConnection {
 public:
  SourceConnection(Served& served, runtime::FileDescriptor fd) : ServerConnection(served, std::move(fd)) {}

 private:
  bool on_readable() override {
    const Moved moved = link().read(served().buffer);
    return moved.state == Moved::State::kWouldBlock || moved.state == Moved::State::kDone;
  }

  [[nodiscard]] bool sends_unasked() const override { return true; }
  // Once a turn, so that one connection does not keep the others waiting.
  void on_sent() override { send(served().stream, true); }
};

class SinkConnection final : public ServerConnection {
 public:
  SinkConnection(Served& served, runtime::FileDescriptor fd) : ServerConnection(served, std::move(fd)) {}

 private:
  bool on_readable() override {
    const Moved moved = link().discard(kBufferSize);
    return moved.state == Moved::State::kWouldBlock || moved.state == Moved::State::kDone;
  }
};

}  // namespace

Served::Served(const ServeOptions& options)
    : http1_response(
          "HTTP/1.1 200 OK\r\nServer: ripstop-load\r\nContent-Type: application/octet-stream\r\n"
          "Content-Length: " +
          std::to_string(options.content_bytes) + "\r\n\r\n" + content(options.content_bytes)),
      http2_response(CallFrames::response(grpc_message(content(options.content_bytes)))),
      http2_message_bytes(grpc_message(content(options.content_bytes)).size()),
      // A whole number of the content's periods, so that it can follow itself.
      stream(content(size_t{89} * 4096)),
      buffer(kBufferSize) {}

void ServerConnection::adopt(std::unique_ptr<ServerConnection> connection) {
  ServerConnection* self = connection.release();
  self->events_ = self->sends_unasked() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  self->served_.loop().add(self->link_.fd(), self->events_, *self);
}

void ServerConnection::watch(uint32_t events) {
  if (events == events_) return;
  events_ = events;
  served_.loop().change(link_.fd(), events, *this);
}

bool ServerConnection::send_rest() {
  const Moved moved = link_.write(unsent_);
  if (moved.state == Moved::State::kDone) unsent_.remove_prefix(moved.bytes);
  is_broken_ = is_broken_ || moved.state == Moved::State::kFailed;
  return unsent_.empty();
}

void ServerConnection::send(std::string_view bytes, bool is_lasting) {
  if (is_sending()) {
    // Another copy only where a peer pipelines faster than it reads.
    std::string all(unsent_);
    kept_ = std::move(all.append(bytes));
    unsent_ = kept_;
    return;
  }
  unsent_ = bytes;
  if (send_rest() || is_lasting) return;
  std::string rest(unsent_);
  kept_ = std::move(rest);
  unsent_ = kept_;
}

void ServerConnection::on_events(uint32_t events) {
  if (!link_.is_open()) return;
  bool goes_on = true;
  if ((events & EPOLLOUT) != 0 && (!is_sending() || send_rest())) on_sent();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) goes_on = on_readable();
  if (!goes_on || is_broken_) {
    link_.close();
    served_.loop().retire(std::unique_ptr<PollHandler>(this));
    return;
  }
  watch(is_sending() || sends_unasked() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

std::unique_ptr<ServerConnection> make_http1_connection(Served& served, runtime::FileDescriptor fd) {
  return std::make_unique<Http1Connection>(served, std::move(fd));
}

std::unique_ptr<ServerConnection> make_echo_connection(Served& served, runtime::FileDescriptor fd) {
  return std::make_unique<EchoConnection>(served, std::move(fd));
}

std::unique_ptr<ServerConnection> make_source_connection(Served& served, runtime::FileDescriptor fd) {
  return std::make_unique<SourceConnection>(served, std::move(fd));
}

std::unique_ptr<ServerConnection> make_sink_connection(Served& served, runtime::FileDescriptor fd) {
  return std::make_unique<SinkConnection>(served, std::move(fd));
}

}  // namespace ripstop::load
