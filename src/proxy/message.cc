#include "proxy/message.h"

namespace ripstop::proxy {
namespace {

PumpStep flush(MessageSink& to, PumpState when_blocked, PumpState when_done) {
  switch (to.try_flush()) {
    case runtime::Transfer::State::kDone:
      return {when_done};
    case runtime::Transfer::State::kWouldBlock:
      return {when_blocked};
    default:
      return {PumpState::kSinkFailed};
  }
}

}  // namespace

// Pieces that are already here are gathered into one write; the source reads again only once they are out, because
// reading would overwrite them.
PumpStep try_pump(MessageSource& from, MessageSink& to, PumpObserver& observer) {
  for (;;) {
    const bool must_flush = !to.is_flushed() && !to.has_room();
    const BodyPiece piece =
        must_flush ? BodyPiece{.state = BodyPiece::State::kWouldBlock} : from.try_body(to.is_flushed());
    switch (piece.state) {
      case BodyPiece::State::kData:
        observer.on_body(piece.data);
        to.queue_body(piece.data);
        if (!piece.is_last) continue;
        [[fallthrough]];
      case BodyPiece::State::kEnd:
        to.queue_end(from.trailers());
        return flush(to, PumpState::kWaitForSink, PumpState::kDone);
      case BodyPiece::State::kWouldBlock: {
        if (to.is_flushed()) return {PumpState::kWaitForSource};
        const PumpStep step = flush(to, PumpState::kWaitForSink, PumpState::kDone);
        if (step.state != PumpState::kDone) return step;
        continue;
      }
      case BodyPiece::State::kFault:
        return {PumpState::kSourceFault, piece.fault};
      case BodyPiece::State::kCut:
        return {PumpState::kSourceCut};
    }
  }
}

}  // namespace ripstop::proxy
