#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "load/content.h"
#include "load/drive/client.h"
#include "load/http2_frames.h"

namespace ripstop::load {
namespace {

constexpr size_t kRequestBytes = 64;
constexpr uint64_t kReplenishAt = kLargeWindow / 2;

class Http2Client final : public Client, public Flushable {
 public:
  explicit Http2Client(Session& session)
      : Client(session),
        call_(CallFrames::request(session.options.host, grpc_message(content(kRequestBytes)))),
        answer_bytes_(grpc_message(content(session.options.content_bytes)).size()) {
    for (size_t i = 0; i < session.options.streams; ++i) slots_.emplace_back(*this);
  }

  void start() override {
    for (StreamSlot& slot : slots_) session().pace.join(slot);
  }

  void flush() override {
    is_listed_ = false;
    if (!is_connected() || out_.empty()) return;
    const Moved moved = link().write(out_);
    if (moved.state == Moved::State::kDone) out_.erase(0, moved.bytes);
    if (moved.state == Moved::State::kFailed) return break_off("cannot send requests");
    want_write(!out_.empty());
  }

 private:
  struct StreamSlot final : Slot {
    explicit StreamSlot(Http2Client& owning) : owner(owning) {}
    void begin(int64_t meant_for) override { owner.begin_call(*this, meant_for); }

    Http2Client& owner;
    int64_t intended = 0;
    size_t received = 0;
    bool is_ok = false;
  };

  void begin_call(StreamSlot& slot, int64_t intended) {
    slot.intended = intended;
    slot.received = 0;
    slot.is_ok = false;
    const uint32_t stream = next_stream_;
    next_stream_ += 2;
    calls_.emplace(stream, &slot);
    if (!is_connecting_) {
      is_connecting_ = true;
      out_ = std::string(kClientPreface) + opening_frames();
      connect();
    }
    call_.put(out_, stream, stream == 1);
    if (!is_reading_ && !is_listed_) {
      is_listed_ = true;
      session().unflushed.push_back(this);
    }
  }

  void on_open() override { flush(); }
  void on_writable() override { flush(); }

  void on_readable() override {
    const Moved moved = link().read(session().buffer);
    if (moved.state == Moved::State::kWouldBlock) return;
    if (moved.state != Moved::State::kDone) return break_off("connection ended");
    std::string_view bytes(session().buffer.data(), moved.bytes);
    if (!in_.empty()) bytes = in_.append(bytes);
    is_reading_ = true;
    const size_t used = take_frames(bytes);
    is_reading_ = false;
    if (!is_connected()) return;
    if (in_.empty()) {
      in_.assign(bytes.substr(used));
    } else {
      in_.erase(0, used);
    }
    flush();
  }

  size_t take_frames(std::string_view bytes) {
    size_t used = 0;
    while (bytes.size() - used >= kFrameHeaderSize && is_connected()) {
      const FrameHeader header = read_frame_header(bytes.substr(used));
      if (bytes.size() - used < kFrameHeaderSize + header.length) break;
      take_frame(header, bytes.substr(used + kFrameHeaderSize, header.length));
      used += kFrameHeaderSize + header.length;
    }
    return used;
  }

  void take_frame(const FrameHeader& header, std::string_view payload) {
    switch (header.type) {
      case FrameType::kHeaders:
      case FrameType::kData:
        return take_answer(header, payload);
      case FrameType::kResetStream:
        return fail_call(header.stream, "stream was reset");
      case FrameType::kGoAway:
        return break_off("peer goes away");
      case FrameType::kContinuation:
        return break_off("header block in several frames");
      case FrameType::kSettings:
        apply_settings(peer_, payload);
        if (peer_.header_table_size < 4096) return break_off("peer wants a small header table");
        if (peer_.max_streams < slots_.size()) return break_off("peer allows fewer streams than asked for");
        [[fallthrough]];
      default:
        put_acknowledgement(out_, header, payload);
    }
  }

  void take_answer(const FrameHeader& header, std::string_view payload) {
    const auto found = calls_.find(header.stream);
    if (header.type == FrameType::kData) replenish(header.length);
    if (found == calls_.end()) return;
    StreamSlot& slot = *found->second;
    if (header.type == FrameType::kData) {
      slot.received += data_length(header, payload);
    } else if (!slot.is_ok) {
      slot.is_ok = says_200(header, payload);
      if (!slot.is_ok) return fail_call(header.stream, "status is not 200");
    }
    if ((header.flags & kFlagEndStream) == 0) return;
    if (slot.received != answer_bytes_) return fail_call(header.stream, "message has another length");
    calls_.erase(found);
    const int64_t now = now_ns();
    session().tally.answered(slot.intended, now);
    session().pace.release(slot, now);
  }

  void replenish(uint64_t bytes) {
    consumed_ += bytes;
    session().tally.moved(bytes, now_ns());
    if (consumed_ < kReplenishAt) return;
    put_window_update(out_, 0, static_cast<uint32_t>(consumed_));
    consumed_ = 0;
  }

  void fail_call(uint32_t stream, const char* why) {
    const auto found = calls_.find(stream);
    if (found == calls_.end()) return;
    StreamSlot* slot = found->second;
    calls_.erase(found);
    session().tally.failed(why);
    session().pace.retry(*slot);
  }

  void on_broken() override {
    for (const auto& [stream, slot] : calls_) session().pace.retry(*slot);
    calls_.clear();
    in_.clear();
    out_.clear();
    next_stream_ = 1;
    consumed_ = 0;
    peer_ = PeerSettings();
    is_connecting_ = false;
  }

  CallFrames call_;
  size_t answer_bytes_;
  std::deque<StreamSlot> slots_;
  std::unordered_map<uint32_t, StreamSlot*> calls_;
  std::string in_;
  std::string out_;
  PeerSettings peer_;
  uint32_t next_stream_ = 1;
  uint64_t consumed_ = 0;
  bool is_connecting_ = false;
  bool is_reading_ = false;
  bool is_listed_ = false;
};

}  // namespace

std::unique_ptr<Client> make_http2_client(Session& session) {
  return std::make_unique<Http2Client>(session);
}

}  // namespace ripstop::load
