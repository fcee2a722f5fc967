#include <cstddef>
#include <memory>
#include <string>

#include "load/content.h"
#include "load/drive/client.h"

namespace ripstop::load {
namespace {

constexpr size_t kBulkPiece = 256 * 1024;

// Sends a message and waits for it to come back.
class EchoClient final : public Client, public Slot {
 public:
  explicit EchoClient(Session& session) : Client(session), message_(content(session.options.content_bytes)) {}

  void start() override { session().pace.join(*this); }

  void begin(int64_t intended) override {
    intended_ = intended;
    received_ = 0;
    if (is_connected()) {
      send_message();
    } else {
      connect();
    }
  }

 private:
  void on_open() override { send_message(); }
  void on_broken() override { session().pace.retry(*this); }

  void send_message() {
    const Moved moved = link().write(message_);
    if (moved.bytes != message_.size()) break_off("cannot send a message");
  }

  void on_readable() override {
    const Moved moved = link().read(session().buffer);
    if (moved.state == Moved::State::kWouldBlock) return;
    if (moved.state != Moved::State::kDone) return break_off("connection ended");
    if (received_ + moved.bytes > message_.size()) return break_off("more came back than was sent");
    if (!is_checked_ && !is_content({session().buffer.data(), moved.bytes}, received_)) {
      return break_off("other bytes came back");
    }
    received_ += moved.bytes;
    if (received_ < message_.size()) return;
    is_checked_ = true;
    const int64_t now = now_ns();
    session().tally.moved(received_, now);
    session().tally.answered(intended_, now);
    session().pace.release(*this, now);
  }

  std::string message_;
  int64_t intended_ = 0;
  size_t received_ = 0;
  bool is_checked_ = false;
};

// Moves bytes one way as fast as the proxy takes or gives them. A MiB counts as an answer.
class BulkClient final : public Client, public Slot {
 public:
  explicit BulkClient(Session& session)
      : Client(session),
        uploads_(session.options.traffic == Traffic::kUpload),
        piece_(uploads_ ? content(kBulkPiece) : std::string()) {}

  void start() override { session().pace.join(*this); }
  void begin(int64_t /*intended*/) override { connect(); }

 private:
  static constexpr size_t kAnswer = 1024 * 1024;

  void on_broken() override { session().pace.retry(*this); }

  void on_open() override {
    position_ = 0;
    begun_ = now_ns();
    if (uploads_) want_write(true);
  }

  void on_writable() override {
    const Moved moved = link().write(piece_);
    if (moved.state == Moved::State::kFailed) return break_off("connection ended");
    count(moved.bytes);
  }

  void on_readable() override {
    const bool is_first = position_ < session().buffer.size();
    const Moved moved = is_first ? link().read(session().buffer) : link().discard(kBulkPiece);
    if (moved.state == Moved::State::kWouldBlock) return;
    if (moved.state != Moved::State::kDone) return break_off("connection ended");
    if (is_first && !is_content({session().buffer.data(), moved.bytes}, position_)) {
      return break_off("other bytes came than were sent");
    }
    count(moved.bytes);
  }

  void count(size_t bytes) {
    if (bytes == 0) return;
    const int64_t now = now_ns();
    session().tally.moved(bytes, now);
    const size_t before = position_ / kAnswer;
    position_ += bytes;
    for (size_t i = before; i < position_ / kAnswer; ++i) {
      session().tally.answered(begun_, now);
      begun_ = now;
    }
  }

  bool uploads_;
  std::string piece_;
  size_t position_ = 0;
  int64_t begun_ = 0;
};

}  // namespace

std::unique_ptr<Client> make_echo_client(Session& session) {
  return std::make_unique<EchoClient>(session);
}
std::unique_ptr<Client> make_bulk_client(Session& session) {
  return std::make_unique<BulkClient>(session);
}

}  // namespace ripstop::load
