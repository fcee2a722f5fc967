#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/file_descriptor.h"
#include "runtime/poller.h"

namespace ripstop::runtime {
namespace {

constexpr int kBatch = 256;
constexpr uint32_t kAlways = EPOLLIN | EPOLLRDHUP | EPOLLET;

class EpollPoller final : public Poller {
 public:
  EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  Status add(int fd, IoSource& source) override {
    epoll_event event{};
    event.events = source.is_level_triggered ? EPOLLIN : kAlways;
    event.data.ptr = &source;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl", errno);
    return {};
  }

  // It stays so: what blocked once will block again.
  void watch_writable(int fd, IoSource& source) override {
    source.writable.clear();
    if (source.watches_writable) return;
    epoll_event event{};
    event.events = kAlways | EPOLLOUT;
    event.data.ptr = &source;
    // Without the kernel's help nothing would ever set it again: the next write may as well fail.
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) source.writable.set();
    source.watches_writable = true;
  }

  void remove(int fd, IoSource& source) override {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    forget(source);
  }

  void forget(IoSource& source) override {
    for (int i = dispatched_; i < count_; ++i) {
      if (batch_[static_cast<size_t>(i)].data.ptr == &source) batch_[static_cast<size_t>(i)].data.ptr = nullptr;
    }
  }

  size_t wait(Duration timeout) override {
    int milliseconds = -1;
    if (timeout >= Duration::zero()) {
      const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
      milliseconds = static_cast<int>(std::min<int64_t>(rounded, 3'600'000));
    }
    count_ = std::max(0, epoll_wait(epoll_.get(), batch_.data(), kBatch, milliseconds));
    return static_cast<size_t>(count_);
  }

  void dispatch() override {
    for (dispatched_ = 0; dispatched_ < count_;) {
      const epoll_event& event = batch_[static_cast<size_t>(dispatched_)];
      // Looked up again for the second half: the first may have removed the source.
      const uint32_t events = event.events;
      if (auto* source = static_cast<IoSource*>(event.data.ptr)) {
        if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) source->has_hung_up = true;
        if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) source->readable.set();
      }
      if (auto* source = static_cast<IoSource*>(event.data.ptr)) {
        if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) source->writable.set();
      }
      ++dispatched_;
    }
    count_ = dispatched_ = 0;
  }

 private:
  FileDescriptor epoll_;
  std::array<epoll_event, kBatch> batch_{};
  int count_ = 0;
  int dispatched_ = 0;
};

}  // namespace

std::unique_ptr<Poller> make_epoll_poller() {
  return std::make_unique<EpollPoller>();
}

}  // namespace ripstop::runtime
