#include <cerrno>
#include <system_error>
#include <utility>

#include "net/stream.h"

namespace ripstop::net {
namespace {

class TcpStream final : public Stream {
 public:
  explicit TcpStream(runtime::Socket socket) : socket_(std::move(socket)) {}

  Transfer try_read(std::span<char> into) override { return noted(socket_.try_read(into)); }
  Transfer try_writev(std::span<const iovec> pieces) override { return noted(socket_.try_writev(pieces)); }
  runtime::Event& readable() override { return socket_.readable(); }
  runtime::Event& writable() override { return socket_.writable(); }
  void expect_end() override { socket_.expect_end(); }
  void shutdown_write() override { socket_.shutdown_write(); }
  void end() override { socket_.close(); }
  void reset_on_close() override { socket_.reset_on_close(); }
  void close() override { socket_.close(); }
  runtime::Socket* plain_socket() override { return &socket_; }
  bool has_hung_up() const override { return !socket_.is_open() || socket_.has_hung_up(); }
  SocketAddress local_address() const override {
    // Asked for with every request, and it does not change.
    if (local_.port == 0) local_ = socket_.local_address().value_or(SocketAddress{});
    return local_;
  }
  SocketAddress peer_address() const override { return socket_.peer_address().value_or(SocketAddress{}); }
  std::string failure() const override {
    return std::generic_category().message(error_number_ == 0 ? EPIPE : error_number_);
  }

 private:
  Transfer noted(Transfer transfer) {
    if (transfer.state == Transfer::State::kFailed) error_number_ = transfer.error_number;
    return transfer;
  }

  runtime::Socket socket_;
  mutable SocketAddress local_;
  int error_number_ = 0;
};

}  // namespace

StreamPtr make_tcp_stream(runtime::Socket socket) {
  return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace ripstop::net
