// One HTTP/2 connection over any Stream, as client or as server (RFC 9113).
//
// nghttp2 does frames and HPACK; the budgets of Http2Options are ours. One coroutine drives the connection: it reads,
// feeds nghttp2, wakes the streams' coroutines, and writes everything they produced in one go. Flow control follows
// consumption, so a slow reader stops its peer and nothing is buffered without bound.
//
// One thread. The connection may be destroyed at any time, also by a coroutine that it has just woken; its streams then
// fail with kReset, its handlers are cancelled.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "net/http2/http2_options.h"
#include "net/http2/http2_stream.h"
#include "net/stream.h"
#include "runtime/event.h"
#include "runtime/task.h"

namespace ripstop::net {

class Http2Core;

class Http2Connection {
 public:
  // Serves one request. Run by the connection, cancelled with it; the handler owns the stream.
  using Handler = std::function<runtime::Task<void>(Http2StreamPtr)>;

  // Both begin at once, with preface and SETTINGS. `received` was read from the transport before.
  static std::unique_ptr<Http2Connection> client(StreamPtr transport, const Http2Options& options = {});
  static std::unique_ptr<Http2Connection> server(StreamPtr transport, Handler handler, const Http2Options& options = {},
                                                 std::string received = {});
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  ~Http2Connection();

  // Client: sends a request's head. `is_last`: no body follows. Beyond the peer's limit of streams the request waits
  // inside for its turn; a pool asks can_open() first. kUnavailable with Retry::kSafe once no more are taken.
  Result<Http2StreamPtr> open(const FieldBlock& head, bool is_last);
  [[nodiscard]] bool can_open() const;
  [[nodiscard]] size_t active_streams() const;
  // Waits until the peer's SETTINGS have come or the connection is over; false at the deadline. Any number may wait.
  runtime::Task<bool> settle(TimePoint deadline);
  // Client: the server takes extended CONNECT (RFC 8441); known once settled.
  [[nodiscard]] bool takes_extended_connect() const;

  // Ends in order: GOAWAY that still takes what is under way, a round trip later the final one; open streams finish,
  // then the connection closes. Bounded by whoever waits on closed() and destroys.
  void drain();
  // The peer or we have begun to end it.
  [[nodiscard]] bool is_draining() const;

  // Set when the connection is over.
  [[nodiscard]] runtime::Event& closed();
  // Why, when it was not in order: kTooLarge when the peer exceeded a budget of the options, kParse when it broke the
  // rules of HTTP/2, kUnsupported when a server's first byte shows that it speaks something else, kTimeout, kReset.
  [[nodiscard]] const std::optional<Error>& failure() const;
  // Identity and addresses of the peer. Valid as long as this object.
  [[nodiscard]] const Stream& transport() const;

 private:
  explicit Http2Connection(std::shared_ptr<Http2Core> core);
  std::shared_ptr<Http2Core> core_;
};

}  // namespace ripstop::net
