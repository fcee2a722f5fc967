// One accepted connection: who it is for, what it speaks, and who serves it.
#pragma once

#include <memory>
#include <string>

#include "proxy/worker/seat.h"
#include "runtime/event.h"
#include "runtime/memory/block_pool.h"
#include "runtime/task.h"
#include "runtime/timer.h"

namespace ripstop::proxy {

// What a codec left of its connection.
enum class ServeEnd : uint8_t {
  kOver,
  kIdle,  // nothing is under way, and nothing received is left
};

// Owned by the coroutine that serves it. Between two requests, and before the first, nobody serves a plain or HTTP/1
// connection: it is parked, and of all that serving takes no more is held than this object and its stream; the next
// byte makes the rest anew. Parked it belongs to its worker's list and ends by itself, at its idle time-out or when the
// worker says so.
class Connection final : public Worker::Place, private runtime::Event::Waiter, private runtime::Timer {
 public:
  using Ref = std::unique_ptr<Connection>;

  // Serves or parks what was accepted for `listener`. Never fails outwards: what goes wrong is answered, counted and
  // logged here.
  static void begin(Worker& worker, const ListenerRef& listener, runtime::Accepted accepted);
  Connection(Worker& worker, const ListenerRef& listener, const SocketAddress& peer, const SocketAddress& local,
             runtime::Socket socket);

 private:
  enum class Speaks : uint8_t { kUnknown, kHttp1, kHttp2, kOpaque };

  static runtime::Task<void> serve(Ref self);
  static void park(Ref self);
  // Finds the filter chain, by the first bytes where it depends on them, and makes the connection secure where the
  // chain says so.
  static runtime::Task<bool> admit(Connection& self, runtime::ByteBuffer& received);
  static runtime::Task<bool> secure(Connection& self, std::string received);
  // kOver with what is spoken still unknown: the client has gone; kIdle: it has said nothing yet.
  static runtime::Task<ServeEnd> detect(Connection& self, Worker::Seat& seat, runtime::ByteBuffer& received);
  static runtime::Task<ServeEnd> speak(Connection& self, Worker::Seat& seat, runtime::ByteBuffer received);
  // What both sides agreed on, or what the first bytes are. kUnknown: too little has come to tell.
  static Speaks what_is_spoken(const ConnectionFacts& facts, std::string_view received);
  runtime::Transfer::State hear(runtime::ByteBuffer& received);

  void leave() override;
  [[nodiscard]] uint64_t claim() const override;
  void on_event() override;
  void on_timer() override { leave(); }

  net::StreamPtr stream_;
  Speaks speaks_ = Speaks::kUnknown;
};

// `received` was read while the protocol was detected. `facts` and what they refer to outlive the task.
runtime::Task<ServeEnd> serve_http1(Worker& worker, Worker::Seat& seat, net::Stream& stream, ConnectionFacts& facts,
                                    runtime::ByteBuffer received);
runtime::Task<void> serve_http2(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts& facts,
                                std::string received);
runtime::Task<void> serve_tcp(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts& facts,
                              std::string received);

}  // namespace ripstop::proxy
