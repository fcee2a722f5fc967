#include "load/drive/client.h"

#include <sys/socket.h>

#include <utility>

namespace ripstop::load {

void Client::connect() {
  auto fd = begin_connect(session_.options.address);
  ++session_.tally.connections;
  if (!fd) {
    break_off("cannot connect");
    return;
  }
  link_ = Link(std::move(*fd));
  state_ = State::kConnecting;
  wants_write_ = true;
  session_.loop.add(link_.fd(), EPOLLIN | EPOLLOUT, *this);
}

void Client::disconnect() {
  link_.close();
  state_ = State::kClosed;
}

void Client::break_off(const char* why) {
  session_.tally.failed(why);
  disconnect();
  on_broken();
}

void Client::want_write(bool wants) {
  if (wants == wants_write_) return;
  wants_write_ = wants;
  session_.loop.change(link_.fd(), wants ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
}

void Client::finish_connect() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(link_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    break_off("connection refused");
    return;
  }
  want_write(false);
  if (session_.tls == nullptr) {
    opened();
    return;
  }
  link_.start_tls(session_.tls->make_connection());
  state_ = State::kHandshake;
  go_on_with_handshake();
}

void Client::go_on_with_handshake() {
  switch (link_.handshake()) {
    case Moved::State::kDone:
      want_write(false);
      if (TlsClient::was_resumed(*link_.tls())) ++session_.tally.resumptions;
      opened();
      break;
    case Moved::State::kWouldBlock:
      want_write(link_.wants_write());
      break;
    default:
      break_off("TLS handshake failed");
  }
}

void Client::opened() {
  state_ = State::kOpen;
  on_open();
}

void Client::on_events(uint32_t events) {
  switch (state_) {
    case State::kClosed:
      return;
    case State::kConnecting:
      finish_connect();
      return;
    case State::kHandshake:
      go_on_with_handshake();
      return;
    case State::kOpen:
      if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) on_readable();
      if ((events & EPOLLOUT) != 0 && state_ == State::kOpen) on_writable();
  }
}

}  // namespace ripstop::load
