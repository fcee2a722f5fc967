// The two halves of carrying an HTTP message through the proxy, whatever version either side speaks: a source that is
// pulled and a sink that is pushed. Back-pressure is not pulling.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "protocol/fault.h"
#include "protocol/fields.h"
#include "protocol/head.h"
#include "runtime/event.h"
#include "runtime/socket.h"

namespace ripstop::proxy {

// What one attempt at a head came to.
struct HeadStep {
  enum class State : uint8_t {
    kDone,
    kWouldBlock,
    kFault,  // see `fault`; nothing that follows can be trusted
    kEnd,    // the peer ended in order, between messages
    kCut,    // the peer went away inside a head, or broke the connection
    kReset,  // the peer ended this message alone
  };
  State state = State::kDone;
  protocol::Fault fault = protocol::Fault::kNone;
  Retry retry = Retry::kNever;  // kEnd, kCut and kReset of a response
};

// A piece of content, or why there is none.
struct BodyPiece {
  enum class State : uint8_t {
    kData,
    kEnd,         // the message is complete
    kWouldBlock,  // nothing here yet
    kFault,       // the peer's framing is wrong
    kCut,         // the connection ended or broke in the middle of the message
  };
  State state = State::kEnd;
  std::string_view data{};  // kData: valid until the next call that may read
  bool is_last = false;     // kData: nothing follows, not even trailers
  protocol::Fault fault = protocol::Fault::kNone;
};

class MessageSource {
 public:
  virtual ~MessageSource() = default;
  // The next piece. With `may_read` false only what has already arrived is given, so that earlier pieces stay valid.
  virtual BodyPiece try_body(bool may_read) = 0;
  // To wait on after kWouldBlock with may_read.
  virtual runtime::Event& readable() = 0;
  // After kEnd.
  [[nodiscard]] virtual const protocol::Fields& trailers() const = 0;
};

class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // Everything queued is sent by try_flush, in one system call where possible.
  // `data` must stay valid until is_flushed(). Only while has_room().
  virtual void queue_body(std::string_view data) = 0;
  virtual void queue_end(const protocol::Fields& trailers) = 0;
  [[nodiscard]] virtual bool has_room() const = 0;
  [[nodiscard]] virtual bool is_flushed() const = 0;
  // kDone: all is out. kWouldBlock: wait for writable(). kFailed: the peer is gone.
  virtual runtime::Transfer::State try_flush() = 0;
  virtual runtime::Event& writable() = 0;
};

// Moves content from a source to a sink as far as it goes without waiting.
enum class PumpState : uint8_t { kDone, kWaitForSource, kWaitForSink, kSourceFault, kSourceCut, kSinkFailed };

struct PumpStep {
  PumpState state = PumpState::kDone;
  protocol::Fault fault = protocol::Fault::kNone;
};

// Sees every piece on its way, before it is sent.
class PumpObserver {
 public:
  virtual ~PumpObserver() = default;
  virtual void on_body(std::string_view data) = 0;
};

[[nodiscard]] PumpStep try_pump(MessageSource& from, MessageSink& to, PumpObserver& observer);

}  // namespace ripstop::proxy
