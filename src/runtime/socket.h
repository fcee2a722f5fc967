// Non-blocking stream sockets, registered once with the reactor of the thread that adopts them.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/file_descriptor.h"
#include "runtime/poller.h"
#include "runtime/task.h"

namespace ripstop::runtime {

class Reactor;

// What one non-blocking attempt to transfer came to.
struct Transfer {
  enum class State : uint8_t { kDone, kWouldBlock, kEnd, kFailed };
  State state = State::kDone;
  size_t bytes = 0;      // kDone: more than zero
  int error_number = 0;  // kFailed
};

// Either a unix-domain path (address.port 0, path set; "@name" for the abstract namespace) or an IP address.
struct Endpoint {
  SocketAddress address;
  std::string unix_path;
  [[nodiscard]] std::string to_string() const { return unix_path.empty() ? address.to_string() : unix_path; }
};

// A connection as an Acceptor gives it out: non-blocking, close-on-exec and with TCP_NODELAY, and not yet adopted by a
// reactor, so that it may go to another worker.
struct Accepted {
  FileDescriptor fd;
  SocketAddress peer;   // port 0: not TCP
  SocketAddress local;  // port 0: the acceptor takes connections to several addresses
};

class Socket {
 public:
  Socket() = default;
  Socket(Socket&& other) noexcept = default;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  // Makes `fd` non-blocking and registers it with the current reactor. Any descriptor that epoll takes will do: pipes,
  // signalfd and inotify too, as long as only read and write are used.
  static Result<Socket> adopt(FileDescriptor fd);
  // What was accepted just now, and is in nobody else's hands before it is closed: no child that was forked meanwhile
  // may hold on to it. Not readable until the kernel says so, which it does in the next turn where bytes are there
  // already.
  static Result<Socket> adopt(Accepted accepted);

  // One attempt each; they keep `readable()` and `writable()` right, so the pattern is: try, and on kWouldBlock
  // co_await the event, and try again. The kernel is not asked again before the event says that it is worth it. A read
  // or write that is cut short counts as drained, so descriptors of datagrams must be read in their own way.
  Transfer try_read(std::span<char> into);
  Transfer try_write(std::string_view from);
  Transfer try_writev(std::span<const iovec> pieces);
  // The same with a pipe instead of memory (splice(2)), for SplicePipe: the one filled must be empty.
  Transfer try_read_into_pipe(int pipe, size_t most);
  Transfer try_write_from_pipe(int pipe, size_t bytes);

  [[nodiscard]] Event& readable() { return source_->readable; }
  [[nodiscard]] Event& writable() { return source_->writable; }
  // Clears writable() until the kernel says so: for a connection that is being made.
  void expect_writable() { expect_edge(Way::kOut); }
  [[nodiscard]] bool is_open() const { return fd_.is_valid(); }
  [[nodiscard]] bool has_hung_up() const { return source_->has_hung_up; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  // The end of our side follows at once what is written from now on: the kernel need not send that before.
  void expect_end() { end_follows_ = true; }
  // Sends FIN; reading goes on.
  void shutdown_write();
  // Makes close() send RST instead of FIN: for connections that ended badly.
  void reset_on_close();
  void close();
  // Takes the descriptor out of the reactor, to be handed to another thread or process.
  [[nodiscard]] FileDescriptor release();

  [[nodiscard]] Result<SocketAddress> local_address() const;
  [[nodiscard]] Result<SocketAddress> peer_address() const;
  // Where the client meant to go before the kernel redirected it to `local` (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST);
  // kNotFound when the connection was not redirected.
  [[nodiscard]] Result<SocketAddress> original_destination(const SocketAddress& local) const;

 private:
  enum class Way : uint8_t { kIn, kOut };
  Transfer finish(ssize_t result, size_t asked, Way way);
  void expect_edge(Way way);
  static Result<Socket> enter(FileDescriptor fd, bool is_level_triggered);

  friend class Acceptor;
  FileDescriptor fd_;
  bool is_sole_ = false;  // no other descriptor shares its open file
  bool end_follows_ = false;
  std::unique_ptr<IoSource> source_;
  Reactor* reactor_ = nullptr;
};

// A listening socket.
class Acceptor {
 public:
  // Takes over a socket that already listens. With `is_level_triggered`, readable() is set in every turn of the loop in
  // which a connection waits, so that none is lost by taking fewer than there are; whoever does not want to be told for
  // a while has to release() the socket.
  static Result<Acceptor> adopt(FileDescriptor listening, bool is_level_triggered = false);
  // SO_REUSEADDR always; `reuse_port` lets every worker have its own queue. Port 0 picks a free one.
  static Result<Acceptor> listen(const Endpoint& endpoint, bool reuse_port = false);

  // The next connection; nullopt when none waits. Failures (EMFILE…) are worth a pause.
  Result<std::optional<Accepted>> try_accept();
  [[nodiscard]] Event& readable() { return socket_.readable(); }
  // The next connection. Fails with kTimeout at the deadline and as try_accept().
  Task<Result<FileDescriptor>> accept(TimePoint deadline = kNever);
  [[nodiscard]] Result<SocketAddress> local_address() const { return socket_.local_address(); }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // Gives the listening socket back.
  [[nodiscard]] FileDescriptor release() { return socket_.release(); }
  void close() { socket_.close(); }

 private:
  Socket socket_;
  SocketAddress local_;  // unless it is a wildcard's
};

// Opens, binds where asked, and listens, without a reactor: for sockets that are handed to other processes.
[[nodiscard]] Result<FileDescriptor> open_listener(const Endpoint& endpoint, bool reuse_port = false);

// Connects `socket` (made by the caller, of the right family) or a new one to `endpoint`. TCP_NODELAY is set.
// kTimeout at the deadline, kUnavailable when refused or unreachable.
Task<Result<Socket>> connect(Endpoint endpoint, TimePoint deadline);
Task<Result<Socket>> connect(FileDescriptor socket, Endpoint endpoint, TimePoint deadline);

}  // namespace ripstop::runtime
