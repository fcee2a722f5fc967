#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "load/serve/server_connection.h"

namespace ripstop::load {
namespace {

constexpr uint64_t kReplenishAt = kLargeWindow / 2;

// Requests need no decoding: every stream that ends gets the same answer.
class Http2Connection final : public ServerConnection {
 public:
  Http2Connection(Served& served, runtime::FileDescriptor fd) : ServerConnection(served, std::move(fd)) {}

 private:
  bool on_readable() override {
    const Moved moved = link().read(served().buffer);
    if (moved.state == Moved::State::kWouldBlock) return true;
    if (moved.state != Moved::State::kDone) return false;
    std::string_view bytes(served().buffer.data(), moved.bytes);
    if (!in_.empty()) bytes = in_.append(bytes);
    size_t used = 0;
    if (!take_preface(bytes, used)) return false;
    while (has_preface_ && bytes.size() - used >= kFrameHeaderSize) {
      const FrameHeader header = read_frame_header(bytes.substr(used));
      if (bytes.size() - used < kFrameHeaderSize + header.length) break;
      if (!take_frame(header, bytes.substr(used + kFrameHeaderSize, header.length))) return false;
      used += kFrameHeaderSize + header.length;
    }
    std::string rest(bytes.substr(used));
    in_ = std::move(rest);
    answer();
    return true;
  }

  bool take_preface(std::string_view bytes, size_t& used) {
    if (has_preface_) return true;
    if (bytes.size() < kClientPreface.size()) return kClientPreface.starts_with(bytes);
    if (!bytes.starts_with(kClientPreface)) return false;
    has_preface_ = true;
    used = kClientPreface.size();
    out_ += opening_frames();
    return true;
  }

  bool take_frame(const FrameHeader& header, std::string_view payload) {
    switch (header.type) {
      case FrameType::kHeaders:
      case FrameType::kData:
        if (header.type == FrameType::kData) replenish(header.length);
        if ((header.flags & kFlagEndStream) != 0) waiting_.push_back(header.stream);
        return true;
      case FrameType::kWindowUpdate:
        if (header.stream == 0 && payload.size() == 4) window_ += read_u32(payload);
        return true;
      case FrameType::kSettings:
        apply_settings(peer_, payload);
        put_acknowledgement(out_, header, payload);
        // A message that does not fit into a stream's window, or fields that do not fit into the table, would need
        // bookkeeping that this program has no other use for.
        return peer_.initial_window >= served().http2_message_bytes && peer_.header_table_size >= 4096;
      default:
        put_acknowledgement(out_, header, payload);
        return true;
    }
  }

  void replenish(uint64_t bytes) {
    consumed_ += bytes;
    if (consumed_ < kReplenishAt) return;
    put_window_update(out_, 0, static_cast<uint32_t>(consumed_));
    consumed_ = 0;
  }

  void answer() {
    const size_t size = served().http2_message_bytes;
    while (!waiting_.empty() && window_ >= size) {
      served().http2_response.put(out_, waiting_.front(), !std::exchange(has_answered_, true));
      waiting_.pop_front();
      window_ -= size;
    }
    if (!out_.empty()) send(out_);
    out_.clear();
  }

  std::string in_;
  std::string out_;
  std::deque<uint32_t> waiting_;
  PeerSettings peer_;
  uint64_t window_ = 65535;
  uint64_t consumed_ = 0;
  bool has_preface_ = false;
  bool has_answered_ = false;
};

}  // namespace

std::unique_ptr<ServerConnection> make_http2_connection(Served& served, runtime::FileDescriptor fd) {
  return std::make_unique<Http2Connection>(served, std::move(fd));
}

}  // namespace ripstop::load
