#include "proxy/listener/refusal.h"

#include <gtest/gtest.h>

#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

TEST(Refusal, IsCountedByItsReason) {
  testing::OneWorker one;
  const WorkerCounters& counters = one.worker->counters();
  for (int i = 0; i < 3; ++i) note_refusal(*one.worker, Refusal::kCertificate, "inbound_80", {}, "of another root");
  note_refusal(*one.worker, Refusal::kNoFilterChain, "inbound_80", {}, "plain text");
  note_refusal(*one.worker, Refusal::kHandshake, "inbound_80", {}, "no common cipher");
  EXPECT_EQ(counters.refused_certificates.value(), 3U);
  EXPECT_EQ(counters.refused_without_chain.value(), 1U);
  EXPECT_EQ(counters.failed_handshakes.value(), 1U);
}

TEST(Refusal, OfACertificateIsToldFromOtherFailures) {
  EXPECT_EQ(refusal_of({.code = ErrorCode::kPermissionDenied}), Refusal::kCertificate);
  EXPECT_EQ(refusal_of({.code = ErrorCode::kTls}), Refusal::kHandshake);
  EXPECT_EQ(refusal_of({.code = ErrorCode::kTimeout}), Refusal::kHandshake);
}

}  // namespace
}  // namespace ripstop::proxy
