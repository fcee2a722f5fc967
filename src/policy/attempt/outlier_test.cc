#include "policy/attempt/outlier.h"

#include <gtest/gtest.h>

#include "policy/balance/host_fixture.h"

namespace ripstop::policy {
namespace {

using namespace std::chrono_literals;
using Kind = HostOutcome::Kind;

constexpr HostOutcome response(uint16_t status) {
  return {Kind::kResponse, status};
}
constexpr HostOutcome kFailed{Kind::kFailed};
constexpr HostOutcome kTimeout{Kind::kTimeout};

class Outlier : public testing::Test {
 protected:
  void start(model::OutlierDetection settings, uint16_t host_count = 10) {
    detector_.emplace(settings);
    hosts_.update(assignment(endpoints(1, host_count)), random_);
  }
  Host& host(size_t index = 0) { return *hosts_.hosts()[index]; }
  Ejection record(std::initializer_list<HostOutcome> outcomes, size_t index = 0) {
    Ejection last = Ejection::kNone;
    for (const HostOutcome outcome : outcomes) last = detector_->record(hosts_, host(index), outcome, now_, random_);
    return last;
  }

  Random random_{1};
  HostSet hosts_{model::Cluster()};
  std::optional<OutlierDetector> detector_;
  TimePoint now_{1h};
};

TEST_F(Outlier, EjectsAfterConsecutive5xxOnly) {
  start({.consecutive_5xx = 3, .max_ejection_percent = 100});
  EXPECT_EQ(record({response(500), response(503), response(200), response(500), response(404)}), Ejection::kNone);
  EXPECT_EQ(record({response(500), response(599)}), Ejection::kNone);
  EXPECT_FALSE(host().outlier.is_ejected);
  EXPECT_EQ(record({response(503)}), Ejection::k5xx);
  EXPECT_TRUE(host().outlier.is_ejected);
}

TEST_F(Outlier, CountsGatewayErrorsApart) {
  start({.consecutive_5xx = 0, .consecutive_gateway_failure = 2, .max_ejection_percent = 100});
  EXPECT_EQ(record({response(502), response(500), response(504)}), Ejection::kNone);
  EXPECT_EQ(record({response(503)}), Ejection::kGateway);
}

TEST_F(Outlier, MapsFailedAttemptsToStatusesUnlessSplit) {
  start({.consecutive_5xx = 4, .consecutive_gateway_failure = 3, .max_ejection_percent = 100});
  EXPECT_EQ(record({kFailed, kTimeout, response(500)}), Ejection::kNone);
  EXPECT_EQ(record({kFailed}), Ejection::k5xx);
  EXPECT_EQ(record({kFailed, kTimeout, kFailed}, 1), Ejection::kGateway);
}

TEST_F(Outlier, CountsLocalOriginApartWhenSplit) {
  start({.consecutive_5xx = 2,
         .consecutive_local_origin_failure = 3,
         .split_local_origin = true,
         .max_ejection_percent = 100});
  EXPECT_EQ(record({kFailed, kTimeout, response(500), kFailed, kFailed}), Ejection::kNone);
  EXPECT_EQ(record({kTimeout}), Ejection::kLocalOrigin);
  // A failed attempt neither extends nor ends a run of 5xx responses.
  EXPECT_EQ(record({response(500), kFailed}, 1), Ejection::kNone);
  EXPECT_EQ(record({response(500)}, 1), Ejection::k5xx);
}

TEST_F(Outlier, SwitchesADetectorOffAtZero) {
  start({.consecutive_5xx = 0, .max_ejection_percent = 100});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(record({response(500), kFailed}), Ejection::kNone);
}

TEST_F(Outlier, LengthensEachEjectionUpToTheMaximum) {
  start({.consecutive_5xx = 1, .base_ejection = 30s, .max_ejection = 70s, .max_ejection_percent = 100});
  for (const auto expected : {30s, 60s, 70s, 70s}) {
    EXPECT_EQ(record({response(500)}), Ejection::k5xx);
    now_ += expected - 1s;
    EXPECT_EQ(detector_->tick(hosts_, now_, random_), 0u) << expected.count();
    now_ += 1s;
    EXPECT_EQ(detector_->tick(hosts_, now_, random_), 1u) << expected.count();
    EXPECT_FALSE(host().outlier.is_ejected);
  }
}

TEST_F(Outlier, ForgetsEjectionsWhileTheHostBehaves) {
  start({.consecutive_5xx = 1, .base_ejection = 30s, .max_ejection_percent = 100});
  for (int i = 0; i < 3; ++i) {
    record({response(500)});
    now_ += 300s;
    detector_->tick(hosts_, now_, random_);
  }
  EXPECT_EQ(host().outlier.ejections, 3u);
  for (int i = 0; i < 5; ++i) detector_->tick(hosts_, now_, random_);
  EXPECT_EQ(host().outlier.ejections, 0u);
}

TEST_F(Outlier, NeverEjectsForLessThanTheBaseTime) {
  start({.consecutive_5xx = 1, .base_ejection = 30s, .max_ejection = 5s, .max_ejection_percent = 100});
  record({response(500)});
  EXPECT_EQ(detector_->tick(hosts_, now_ + 29s, random_), 0u);
  EXPECT_EQ(detector_->tick(hosts_, now_ + 30s, random_), 1u);
}

TEST_F(Outlier, LeavesMostHostsIn) {
  start({.consecutive_5xx = 1, .max_ejection_percent = 10}, 20);
  EXPECT_EQ(record({response(500)}, 0), Ejection::k5xx);
  EXPECT_EQ(record({response(500)}, 1), Ejection::k5xx);
  EXPECT_EQ(record({response(500)}, 2), Ejection::kNone);
  EXPECT_EQ(hosts_.ejected_count(), 2u);
}

TEST_F(Outlier, EjectsOneOfAFewOnlyWhereToldTo) {
  start({.consecutive_5xx = 1, .max_ejection_percent = 10}, 3);
  EXPECT_EQ(record({response(500)}), Ejection::kNone);
  start({.consecutive_5xx = 1, .max_ejection_percent = 10, .always_eject_one = true}, 3);
  EXPECT_EQ(record({response(500)}), Ejection::k5xx);
  EXPECT_EQ(record({response(500)}, 1), Ejection::kNone);
}

TEST_F(Outlier, EjectsAHostOnceAndIgnoresOneThatLeft) {
  start({.consecutive_5xx = 1, .max_ejection_percent = 100});
  EXPECT_EQ(record({response(500), response(500)}), Ejection::kNone);
  EXPECT_EQ(host().outlier.ejections, 1u);
  const HostRef gone = hosts_.hosts()[1];
  hosts_.update(assignment(endpoints(1, 1)), random_);
  EXPECT_EQ(detector_->record(hosts_, *gone, response(500), now_, random_), Ejection::kNone);
  EXPECT_EQ(hosts_.ejected_count(), 1u);
}

}  // namespace
}  // namespace ripstop::policy
