#include <gtest/gtest.h>

#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

using model::Direction;

TEST(Drain, SaysWhenTheLastInboundConnectionIsGoneWhateverElseIsOpen) {
  testing::OneWorker one;
  int calls = 0;
  const Worker::Seat outbound(*one.worker, Direction::kOutbound);
  {
    const Worker::Seat first(*one.worker, Direction::kInbound);
    {
      const Worker::Seat second(*one.worker, Direction::kInbound);
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
  const Worker::Seat inbound(*one.worker, Direction::kInbound);
  bool is_over = false;
  one.worker->when_inbound_empty(one.reactor.now() + std::chrono::milliseconds(1), [&is_over] { is_over = true; });
  while (!is_over) one.reactor.run_once(Duration::max());
  EXPECT_TRUE(is_over);
}

TEST(Drain, OfInboundLeavesOutboundConnectionsAlone) {
  testing::OneWorker one;
  Worker::Seat inbound(*one.worker, Direction::kInbound);
  Worker::Seat outbound(*one.worker, Direction::kOutbound);
  one.worker->drain(true);
  EXPECT_TRUE(inbound.drain().is_set());
  EXPECT_FALSE(outbound.drain().is_set());
  one.worker->drain();
  EXPECT_TRUE(outbound.drain().is_set());
}

}  // namespace
}  // namespace ripstop::proxy
