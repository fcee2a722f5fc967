// The content of a request on its way upstream, kept as far as a retry may need it again.
#pragma once

#include <string>

#include "proxy/message.h"

namespace ripstop::proxy {

// More than this is sent on without being kept: the request cannot be repeated then.
inline constexpr size_t kReplayLimit = size_t{64} << 10;

class ReplayableContent final : public MessageSource, public PumpObserver {
 public:
  // `kept` is the caller's buffer, empty at first, and `bytes` counts what the client sent. With `keeps` false nothing
  // is kept.
  ReplayableContent(MessageSource& client, std::string& kept, uint64_t& bytes, bool keeps)
      : client_(client), kept_(kept), bytes_(bytes), keeps_(keeps) {}

  // The next attempt starts over.
  void rewind() { replayed_ = 0; }
  // Everything sent so far can be sent again.
  [[nodiscard]] bool can_replay() const { return bytes_ == 0 || keeps_; }

  BodyPiece try_body(bool may_read) override {
    if (replayed_ < kept_.size()) {
      const std::string_view again = std::string_view(kept_).substr(replayed_);
      replayed_ = kept_.size();
      is_replay_ = true;
      return {.state = BodyPiece::State::kData, .data = again, .is_last = false};
    }
    // What was kept must be out before more is kept: keeping may move it.
    if (is_replay_ && !may_read) return {.state = BodyPiece::State::kWouldBlock};
    is_replay_ = false;
    return client_.try_body(may_read);
  }
  runtime::Event& readable() override { return client_.readable(); }
  [[nodiscard]] const protocol::Fields& trailers() const override { return client_.trailers(); }

  void on_body(std::string_view data) override {
    if (is_replay_) return;
    bytes_ += data.size();
    if (keeps_ && kept_.size() + data.size() <= kReplayLimit) {
      kept_ += data;
      replayed_ = kept_.size();
      return;
    }
    keeps_ = false;
    kept_.clear();
    replayed_ = 0;
  }

 private:
  MessageSource& client_;
  std::string& kept_;
  uint64_t& bytes_;
  bool keeps_;
  bool is_replay_ = false;
  size_t replayed_ = 0;
};

}  // namespace ripstop::proxy
