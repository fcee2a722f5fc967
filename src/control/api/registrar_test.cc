#include "control/api/registrar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/identity/join_token.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

class RegistrarTest : public testing::Test {
 protected:
  Registered add(const std::string& service, int64_t process = 7) {
    RegistrationRequest request;
    request.service = service;
    request.process = process;
    return *registrar_.add(request, kNow);
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const auto& [id, workload] : catalogue_->workloads()) ids.push_back(id);
    return ids;
  }

  TemporaryFolder folder_;
  Store store_ = std::move(*Store::open(folder_ / "mesh.db"));
  std::unique_ptr<Catalogue> catalogue_ = std::move(*Catalogue::open(store_, {}));
  Registrar registrar_{store_, *catalogue_};
};

TEST_F(RegistrarTest, ATokenLivesAsLongAsItsWorkload) {
  const Registered first = add("reviews");
  const Registered second = add("reviews");
  EXPECT_THAT(ids(), ElementsAre("reviews-1", "reviews-2"));
  EXPECT_EQ(*redeem_token(store_.tokens(), first.join_token, kNow), first.workload.identity);
  EXPECT_TRUE(redeem_token(store_.tokens(), first.join_token, kNow)) << "a sidecar may start many times";
  ASSERT_TRUE(registrar_.remove("reviews-1", kNow));
  EXPECT_FALSE(redeem_token(store_.tokens(), first.join_token, kNow));
  EXPECT_TRUE(redeem_token(store_.tokens(), second.join_token, kNow));
  EXPECT_EQ(registrar_.remove("reviews-1", kNow).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(add("reviews").workload.id, "reviews-1") << "the first free number";
}

TEST_F(RegistrarTest, WhatACrashLeftBehindGoesAtTheNextStart) {
  const Registered kept = add("reviews");
  const Registered half = add("ratings");
  // As if the control plane had died between the steps of a removal, and of a registration.
  ASSERT_TRUE(catalogue_->remove_workload("ratings-1", kNow));
  const auto orphan = issue_token(store_.tokens(), kept.workload.identity, std::chrono::hours(1), 1, kNow);
  ASSERT_TRUE(registrar_.tidy(kNow));
  EXPECT_FALSE(redeem_token(store_.tokens(), half.join_token, kNow));
  EXPECT_FALSE(redeem_token(store_.tokens(), orphan->text, kNow));
  EXPECT_TRUE(redeem_token(store_.tokens(), kept.join_token, kNow));
  EXPECT_EQ(store_.registrations().list()->size(), 1U);
}

TEST_F(RegistrarTest, RemovesTheWorkloadsWhoseSupervisorsAreGone) {
  add("reviews", 7);
  add("ratings", 8);
  const auto is_seven = [](const StoredRegistration& registration) { return registration.process == 7; };
  EXPECT_THAT(*registrar_.remove_gone(is_seven, kNow), ElementsAre("reviews-1"));
  EXPECT_THAT(ids(), ElementsAre("ratings-1"));
  EXPECT_THAT(*registrar_.remove_gone(is_seven, kNow), IsEmpty());
}

TEST_F(RegistrarTest, TheVersionIsPartOfTheName) {
  RegistrationRequest request;
  request.service = "reviews";
  request.labels = {{"version", "v2"}, {"app", "shown-as"}};
  const Registered registered = *registrar_.add(request, kNow);
  EXPECT_EQ(registered.workload.id, "reviews-v2-1");
  EXPECT_EQ(registered.workload.name, "reviews-v2");
  EXPECT_EQ(registered.workload.labels.at("app"), "shown-as") << "only a default";
  EXPECT_EQ(registered.workload.labels.at(std::string(kServiceLabel)), "reviews");
  EXPECT_FALSE(registered.workload.is_ready);
}

}  // namespace
}  // namespace ripstop::control
