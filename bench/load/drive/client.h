// The driving side's connections. Each registers its slots with the pace and reports to the tally.
#pragma once

#include <memory>
#include <vector>

#include "load/drive/pace.h"
#include "load/drive/tally.h"
#include "load/drive/tls_client.h"
#include "load/link.h"
#include "load/options.h"
#include "load/poll_loop.h"

namespace ripstop::load {

class Flushable {
 public:
  Flushable() = default;
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

// What all clients of a run share. Outlives them.
struct Session {
  PollLoop& loop;
  Pace& pace;
  Tally& tally;
  const DriveOptions& options;
  TlsClient* tls = nullptr;           // null: plain
  std::vector<char> buffer;           // for whatever is read and used up at once
  std::vector<Flushable*> unflushed;  // have requests to send that were begun outside of an event
};

// A connection that is made when it is first needed and made again when it broke.
class Client : public PollHandler {
 public:
  explicit Client(Session& session) : session_(session) {}
  // Offers the slots to the pace.
  virtual void start() = 0;
  void on_events(uint32_t events) final;

 protected:
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] bool is_connected() const { return state_ == State::kOpen; }

  // Begins to connect; on_open() follows, perhaps before this returns, or on_broken().
  void connect();
  // Closes; a request that was under way has to be answered for by the caller.
  void disconnect();
  // Ends the connection as failed: counts `why` and calls on_broken().
  void break_off(const char* why);
  // Asks to be called when there is room to write as well, or no longer.
  void want_write(bool wants);

  virtual void on_open() = 0;
  virtual void on_readable() = 0;
  virtual void on_writable() {}
  virtual void on_broken() = 0;

 private:
  enum class State : uint8_t { kClosed, kConnecting, kHandshake, kOpen };
  void finish_connect();
  void go_on_with_handshake();
  void opened();

  Session& session_;
  Link link_;
  State state_ = State::kClosed;
  bool wants_write_ = false;
};

[[nodiscard]] std::unique_ptr<Client> make_http1_client(Session& session);
[[nodiscard]] std::unique_ptr<Client> make_http2_client(Session& session);
[[nodiscard]] std::unique_ptr<Client> make_echo_client(Session& session);
[[nodiscard]] std::unique_ptr<Client> make_bulk_client(Session& session);

}  // namespace ripstop::load
