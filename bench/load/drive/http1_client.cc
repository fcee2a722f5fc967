#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "load/drive/client.h"
#include "load/http1_scan.h"

namespace ripstop::load {
namespace {

constexpr size_t kDiscardFrom = 64 * 1024;
constexpr size_t kDiscardMost = 1024 * 1024;

std::string request_for(const DriveOptions& options) {
  std::string request =
      "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + "\r\nUser-Agent: ripstop-load\r\nAccept: */*\r\n";
  if (options.reuse == Connections::kFresh) request += "Connection: close\r\n";
  return request + "\r\n";
}

// One connection, one request at a time; with fresh connections, one request per connection.
class Http1Client final : public Client, public Slot {
 public:
  explicit Http1Client(Session& session)
      : Client(session),
        request_(request_for(session.options)),
        is_fresh_(session.options.reuse == Connections::kFresh) {}

  void start() override { session().pace.join(*this); }

  void begin(int64_t intended) override {
    intended_ = intended;
    is_busy_ = true;
    if (is_connected()) {
      send_request();
    } else {
      connect();
    }
  }

 private:
  void on_open() override {
    scanner_ = ResponseScanner();
    send_request();
  }

  void send_request() {
    const Moved moved = link().write(request_);
    if (moved.state != Moved::State::kDone || moved.bytes != request_.size()) break_off("cannot send a request");
  }

  void on_readable() override {
    if (is_busy_ && scanner_.content_left() > kDiscardFrom && !scanner_.checks_content && !link().is_tls()) {
      const Moved moved = link().discard(std::min<uint64_t>(scanner_.content_left(), kDiscardMost));
      if (moved.state == Moved::State::kDone) {
        session().tally.moved(moved.bytes, now_ns());
        if (scanner_.skip(moved.bytes) == ResponseScanner::State::kDone) finish();
      } else {
        ended(moved.state);
      }
      return;
    }
    // TLS may hold more than the socket shows.
    do {
      const Moved moved = link().read(session().buffer);
      if (moved.state != Moved::State::kDone) return ended(moved.state);
      take({session().buffer.data(), moved.bytes});
    } while (link().is_tls() && is_connected());
  }

  void take(std::string_view bytes) {
    session().tally.moved(bytes.size(), now_ns());
    while (!bytes.empty() && is_connected()) {
      if (!is_busy_) return break_off("bytes without a request");
      const auto state = scanner_.scan(bytes);
      if (state == ResponseScanner::State::kBroken) return break_off("unreadable response");
      if (state == ResponseScanner::State::kDone) finish();
    }
  }

  void ended(Moved::State state) {
    if (state == Moved::State::kWouldBlock) return;
    if (is_busy_) return break_off("connection ended before the answer");
    disconnect();
    if (std::exchange(waits_for_end_, false)) session().pace.release(*this, now_ns());
  }

  void finish() {
    is_busy_ = false;
    const ResponseOutline& response = scanner_.response();
    if (response.status != 200) return fail_request("status is not 200");
    if (response.content_length != session().options.content_bytes) return fail_request("content has another length");
    if (!scanner_.is_content_right()) return fail_request("content is not what was sent");
    // The first answer of a connection is compared byte by byte, the others by their length.
    scanner_.checks_content = false;
    const int64_t now = now_ns();
    session().tally.answered(intended_, now);
    if (is_fresh_ || response.closes) {
      waits_for_end_ = true;
    } else {
      session().pace.release(*this, now);
    }
  }

  void fail_request(const char* why) {
    is_busy_ = true;
    break_off(why);
  }

  void on_broken() override {
    waits_for_end_ = false;
    if (std::exchange(is_busy_, false)) session().pace.retry(*this);
  }

  std::string request_;
  bool is_fresh_;
  bool is_busy_ = false;
  bool waits_for_end_ = false;  // answered; the slot is free once the peer has closed
  int64_t intended_ = 0;
  ResponseScanner scanner_;
};

}  // namespace

std::unique_ptr<Client> make_http1_client(Session& session) {
  return std::make_unique<Http1Client>(session);
}

}  // namespace ripstop::load
