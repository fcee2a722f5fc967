#include <gtest/gtest.h>

#include "proxy/testing/one_worker.h"
#include "proxy/worker/seat.h"

namespace ripstop::proxy {
namespace {

using model::Direction;

TEST(Drain, SaysWhenTheLastInboundConnectionIsGoneWhateverElseIsOpen) {
  testing::OneWorker one;
  int calls = 0;
  const Worker::Place outbound(*one.worker, Direction::kOutbound);
  {
    const Worker::Place first(*one.worker, Direction::kInbound);
    {
      const Worker::Place second(*one.worker, Direction::kInbound);
      one.worker->when_inbound_empty(kNever, [&calls] { ++calls; });
    }
    EXPECT_EQ(calls, 0) << "one is still open";
  }
  EXPECT_EQ(calls, 1);
  one.worker->when_inbound_empty(kNever, [&calls] { ++calls; });
  EXPECT_EQ(calls, 2) << "none is open from the start";
}

TEST(Drain, WaitsForInboundConnectionsUntilItsDeadlineOnly) {
  testing::OneWorker one;
  const Worker::Place inbound(*one.worker, Direction::kInbound);
  bool is_over = false;
  one.worker->when_inbound_empty(one.reactor.now() + std::chrono::milliseconds(1), [&is_over] { is_over = true; });
  while (!is_over) one.reactor.run_once(Duration::max());
  EXPECT_TRUE(is_over);
}

TEST(Drain, OfInboundLeavesOutboundConnectionsAlone) {
  testing::OneWorker one;
  Worker::Place inbound_place(*one.worker, Direction::kInbound);
  Worker::Place outbound_place(*one.worker, Direction::kOutbound);
  Worker::Seat inbound(inbound_place);
  Worker::Seat outbound(outbound_place);
  one.worker->drain(true);
  EXPECT_TRUE(inbound.drain().is_set());
  EXPECT_FALSE(outbound.drain().is_set());
  one.worker->drain();
  EXPECT_TRUE(outbound.drain().is_set());
}

}  // namespace
}  // namespace ripstop::proxy
