#include "translate/pass/endpoint_pass.h"

#include <gtest/gtest.h>

#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using testing::workload;

Members members(std::vector<model::Workload> workloads, EffectiveMtls mtls = {}) {
  Members made;
  for (auto& one : workloads) made.push_back({std::make_shared<const model::Workload>(std::move(one)), mtls});
  return made;
}

EndpointInput input(model::Service service, Members members, model::DestinationPolicy policy = {}) {
  return {.service = make_part(std::move(service)),
          .members = make_part(std::move(members)),
          .policy = make_part(std::move(policy)),
          .client_locality = {},
          .cluster_id = "c1"};
}

model::Service reviews() {
  return testing::service("reviews", testing::http(9080), "10.0.0.1");
}

std::vector<model::Endpoint> endpoints(const EndpointInput& input) {
  std::vector<model::Endpoint> all;
  const auto assignments = make_assignments(input);
  for (const auto& group : assignments.front().localities) {
    all.insert(all.end(), group.endpoints.begin(), group.endpoints.end());
  }
  return all;
}

TEST(EndpointPass, FindsAPlainWorkloadWhereItsProxyListens) {
  const auto found = endpoints(input(reviews(), members({workload("reviews", "v1", 9080, 20001)})));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address.to_string(), "127.0.0.1:20001");
  EXPECT_TRUE(found[0].takes_mtls);
  EXPECT_EQ(found[0].labels.workload, "reviews-v1");
  EXPECT_EQ(found[0].labels.principal, "spiffe://cluster.local/ns/default/sa/bookinfo-reviews");
  EXPECT_EQ(found[0].labels.cluster, "c1");
}

TEST(EndpointPass, FindsAPodAtItsAddressAndTargetPort) {
  auto pod = workload("reviews", "v1", 9080, 0);
  pod.inbound.clear();
  pod.address = "10.1.2.3";
  model::Service service = reviews();
  service.ports[0].target_port = 8080;
  const auto found = endpoints(input(service, members({pod})));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address.to_string(), "10.1.2.3:8080");
}

TEST(EndpointPass, LeavesOutWhoIsNotReadyOrDoesNotServeThePort) {
  auto stopped = workload("reviews", "v1", 9080, 20001);
  stopped.is_ready = false;
  const auto on_another_port = workload("reviews", "v2", 7777, 20002);
  EXPECT_TRUE(endpoints(input(reviews(), members({stopped, on_another_port}))).empty());
}

TEST(EndpointPass, UsesANamedPortOfTheWorkload) {
  auto entry = workload("reviews", "v1", 9080, 0);
  entry.inbound.clear();
  entry.address = "10.1.2.3";
  entry.port_names = {{"http", 8888}};
  EXPECT_EQ(endpoints(input(reviews(), members({entry})))[0].address.port, 8888);
}

TEST(EndpointPass, AsksForMtlsOnlyWhereTheServerTakesIt) {
  const auto takes = [](const model::Workload& workload, EffectiveMtls mtls, bool is_external = false) {
    model::Service service = reviews();
    service.is_external = is_external;
    return endpoints(input(service, members({workload}, std::move(mtls))))[0].takes_mtls;
  };
  const auto with_proxy = workload("reviews", "v1", 9080, 20001);
  auto without_proxy = with_proxy;
  without_proxy.has_proxy = false;
  EXPECT_TRUE(takes(with_proxy, {.mode = model::MtlsMode::kStrict}));
  EXPECT_TRUE(takes(with_proxy, {.mode = model::MtlsMode::kPermissive}));
  EXPECT_FALSE(takes(with_proxy, {.mode = model::MtlsMode::kDisable}));
  EXPECT_FALSE(
      takes(with_proxy, {.mode = model::MtlsMode::kStrict, .port_modes = {{9080, model::MtlsMode::kDisable}}}));
  EXPECT_FALSE(takes(without_proxy, {}));
  EXPECT_FALSE(takes(with_proxy, {}, true));
}

TEST(EndpointPass, DividesEndpointsIntoSubsetsByLabel) {
  model::DestinationPolicy policy;
  policy.subsets = {testing::subset("v1"), testing::subset("v9")};
  const auto assignments = make_assignments(input(
      reviews(), members({workload("reviews", "v1", 9080, 20001), workload("reviews", "v2", 9080, 20002)}), policy));
  ASSERT_EQ(assignments.size(), 3U);
  EXPECT_EQ(assignments[0].localities[0].endpoints.size(), 2U);
  EXPECT_EQ(assignments[1].cluster, "outbound|9080|v1|reviews.default.svc.cluster.local");
  EXPECT_EQ(assignments[1].localities[0].endpoints.size(), 1U);
  EXPECT_TRUE(assignments[2].localities.empty());
}

TEST(EndpointPass, TakesEndpointsWrittenInTheService) {
  model::Service service =
      testing::outside("db.example", testing::port(5432, "pg", model::AppProtocol::kTcp), model::Resolution::kStatic);
  service.endpoints = {{.address = "10.0.0.7", .ports = {{"pg", 15432}}, .weight = 3},
                       {.address = "not.an.address"},
                       {.address = "unix:///run/pg"}};
  const auto found = endpoints(input(service, {}));
  ASSERT_EQ(found.size(), 1U) << "a static service resolves no names";
  EXPECT_EQ(found[0].address.to_string(), "10.0.0.7:15432");
  EXPECT_EQ(found[0].weight, 3U);
  EXPECT_EQ(found[0].labels.canonical_service, "db.example");
}

TEST(EndpointPass, TakesAnEndpointWithAServiceAccountForAMemberUnlessItsLabelSaysOtherwise) {
  const auto takes = [](std::string account, model::Labels labels) {
    model::Service service = testing::outside("db.example", testing::http(80), model::Resolution::kStatic);
    service.is_external = false;
    service.endpoints = {{.address = "10.0.0.7", .labels = std::move(labels), .service_account = std::move(account)}};
    return endpoints(input(service, {})).at(0).takes_mtls;
  };
  const char* const label = "security.istio.io/tlsMode";
  EXPECT_TRUE(takes("db", {}));
  EXPECT_FALSE(takes("", {}));
  EXPECT_TRUE(takes("", {{label, "istio"}}));
  EXPECT_FALSE(takes("db", {{label, "disabled"}}));
}

TEST(EndpointPass, KeepsNamesForServicesResolvedByDns) {
  model::Service service = testing::outside("api.example", testing::http(80), model::Resolution::kDns);
  EXPECT_EQ(endpoints(input(service, {}))[0].hostname, "api.example") << "its own name stands for it";
  service.endpoints = {{.address = "eu.api.example"}};
  const auto found = endpoints(input(service, {}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].hostname, "eu.api.example");
  EXPECT_EQ(found[0].address.port, 80);
}

model::Workload in(const char* version, uint16_t bound, model::Locality locality) {
  auto made = workload("reviews", version, 9080, bound);
  made.locality = std::move(locality);
  return made;
}

TEST(EndpointPass, PrefersTheNearestLocalityOnceOutliersAreDetected) {
  const Members spread =
      members({in("v1", 1, {"eu", "a", "1"}), in("v2", 2, {"eu", "a", "2"}), in("v3", 3, {"us", "x", ""})});
  model::DestinationPolicy policy;
  EndpointInput one = input(reviews(), spread, policy);
  one.client_locality = {"eu", "a", "1"};
  const auto equal = make_assignments(one);
  for (const auto& group : equal.front().localities) EXPECT_EQ(group.priority, 0U);

  policy.policy.outlier = model::OutlierDetection{};
  one.policy = make_part(policy);
  const auto localities = make_assignments(one).front().localities;
  ASSERT_EQ(localities.size(), 3U);
  EXPECT_EQ(localities[0].locality.sub_zone, "1");
  EXPECT_EQ(localities[0].priority, 0U);
  EXPECT_EQ(localities[1].priority, 1U);
  EXPECT_EQ(localities[2].locality.region, "us");
  EXPECT_EQ(localities[2].priority, 2U) << "numbered without gaps";
}

TEST(EndpointPass, HasNoAssignmentForAPortThatGoesToTheOriginalDestination) {
  model::DestinationPolicy policy;
  policy.policy.load_balancer = model::LoadBalancer::kPassthrough;
  EXPECT_TRUE(make_assignments(input(reviews(), {}, policy)).empty());
}

}  // namespace
}  // namespace ripstop::translate
