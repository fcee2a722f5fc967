// A connection of the serving side, by what it serves.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/http2_frames.h"
#include "load/link.h"
#include "load/options.h"
#include "load/poll_loop.h"

namespace ripstop::load {

// What all connections share. Outlives them.
struct Served {
  explicit Served(const ServeOptions& options);

  PollLoop& loop() { return loop_; }
  std::string http1_response;
  CallFrames http2_response;
  size_t http2_message_bytes = 0;
  std::string stream;        // what a source sends over and over
  std::vector<char> buffer;  // for what is read and used up at once

 private:
  PollLoop loop_;
};

// Owns itself from adopt() on, and ends with its peer.
class ServerConnection : public PollHandler {
 public:
  static void adopt(std::unique_ptr<ServerConnection> connection);
  void on_events(uint32_t events) final;

 protected:
  ServerConnection(Served& served, runtime::FileDescriptor fd) : served_(served), link_(std::move(fd)) {}

  [[nodiscard]] Served& served() { return served_; }
  // Sends now, and what does not fit when there is room. `bytes` is copied only if it does not fit, and then from
  // where it stopped, unless `is_lasting`: it outlives the connection.
  void send(std::string_view bytes, bool is_lasting = false);
  [[nodiscard]] bool is_sending() const { return !unsent_.empty(); }
  [[nodiscard]] Link& link() { return link_; }

  // False: the connection is over.
  virtual bool on_readable() = 0;
  // All that was to be sent is sent, and there is room for more.
  virtual void on_sent() {}
  // Sends whenever there is room, not only in answer.
  [[nodiscard]] virtual bool sends_unasked() const { return false; }

 private:
  bool send_rest();
  void watch(uint32_t events);

  Served& served_;
  Link link_;
  std::string kept_;
  std::string_view unsent_;
  uint32_t events_ = 0;
  bool is_broken_ = false;
};

[[nodiscard]] std::unique_ptr<ServerConnection> make_http1_connection(Served& served, runtime::FileDescriptor fd);
[[nodiscard]] std::unique_ptr<ServerConnection> make_http2_connection(Served& served, runtime::FileDescriptor fd);
[[nodiscard]] std::unique_ptr<ServerConnection> make_echo_connection(Served& served, runtime::FileDescriptor fd);
[[nodiscard]] std::unique_ptr<ServerConnection> make_source_connection(Served& served, runtime::FileDescriptor fd);
[[nodiscard]] std::unique_ptr<ServerConnection> make_sink_connection(Served& served, runtime::FileDescriptor fd);

}  // namespace ripstop::load
