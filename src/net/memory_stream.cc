#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "net/stream.h"
#include "runtime/reactor.h"

namespace ripstop::net {
namespace {

// One direction. Events are set through the reactor's queue, never from inside the other end's call, as a kernel would.
struct Pipe {
  std::string bytes;
  size_t capacity = 0;
  bool has_ended = false;
  bool is_broken = false;
  runtime::Event readable;
  runtime::Event writable{true};
};

void set_later(const std::shared_ptr<Pipe>& pipe, runtime::Event Pipe::* event) {
  runtime::Reactor::current().defer([pipe, event] { (pipe.get()->*event).set(); });
}

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out) : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override { close(); }

  Transfer try_read(std::span<char> into) override {
    if (in_->is_broken) return {Transfer::State::kFailed, 0, ECONNRESET};
    if (in_->bytes.empty()) {
      if (in_->has_ended) return {Transfer::State::kEnd, 0, 0};
      in_->readable.clear();
      return {Transfer::State::kWouldBlock, 0, 0};
    }
    const size_t count = std::min(into.size(), in_->bytes.size());
    std::memcpy(into.data(), in_->bytes.data(), count);
    in_->bytes.erase(0, count);
    set_later(in_, &Pipe::writable);
    return {Transfer::State::kDone, count, 0};
  }

  Transfer try_writev(std::span<const iovec> pieces) override {
    if (out_->is_broken || out_->has_ended) return {Transfer::State::kFailed, 0, EPIPE};
    size_t asked = 0;
    size_t taken = 0;
    for (const iovec& piece : pieces) {
      asked += piece.iov_len;
      const size_t count = std::min(piece.iov_len, out_->capacity - out_->bytes.size());
      out_->bytes.append(static_cast<const char*>(piece.iov_base), count);
      taken += count;
    }
    if (taken == 0 && asked != 0) {
      out_->writable.clear();
      return {Transfer::State::kWouldBlock, 0, 0};
    }
    set_later(out_, &Pipe::readable);
    return {Transfer::State::kDone, taken, 0};
  }

  runtime::Event& readable() override { return in_->readable; }
  runtime::Event& writable() override { return out_->writable; }
  void shutdown_write() override {
    out_->has_ended = true;
    set_later(out_, &Pipe::readable);
  }
  void reset_on_close() override { resets_ = true; }
  void close() override {
    if (std::exchange(closed_, true)) return;
    out_->has_ended = true;
    out_->is_broken = out_->is_broken || resets_;
    in_->is_broken = true;
    set_later(out_, &Pipe::readable);
    set_later(in_, &Pipe::writable);
  }
  bool has_hung_up() const override { return in_->is_broken || in_->has_ended; }
  SocketAddress local_address() const override { return {IpAddress::loopback_v4(), 0}; }
  SocketAddress peer_address() const override { return {IpAddress::loopback_v4(), 0}; }
  std::string failure() const override { return "Connection reset by peer"; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  bool resets_ = false;
  bool closed_ = false;
};

}  // namespace

StreamPair make_memory_streams(size_t capacity) {
  auto one_way = std::make_shared<Pipe>();
  auto other_way = std::make_shared<Pipe>();
  one_way->capacity = other_way->capacity = capacity;
  return {std::make_unique<MemoryStream>(one_way, other_way), std::make_unique<MemoryStream>(other_way, one_way)};
}

}  // namespace ripstop::net
