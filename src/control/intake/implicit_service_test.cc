#include "control/intake/implicit_service.h"

#include <gtest/gtest.h>

namespace ripstop::control {
namespace {

model::Workload workload(const std::string& id, const std::string& service, const std::vector<uint16_t>& ports) {
  model::Workload made;
  made.id = id;
  made.identity = {"cluster.local", "default", "reviews"};
  if (!service.empty()) made.labels[std::string(kServiceLabel)] = service;
  for (const uint16_t port : ports) made.inbound[port] = {IpAddress::loopback_v4(), 1};
  return made;
}

Workloads by_id(std::vector<model::Workload> list) {
  Workloads workloads;
  for (model::Workload& one : list) workloads.emplace(one.id, one);
  return workloads;
}

TEST(ImplicitService, UnitesThePortsOfItsWorkloads) {
  model::Workload second = workload("b", "reviews", {9080, 9090, 5432});
  second.port_names = {{"grpc-api", 9090}, {"tcp", 5432}};
  const auto services = implicit_services(by_id({workload("a", "reviews", {9080}), second}), "cluster.local");
  ASSERT_EQ(services.size(), 1U);
  const model::Service& service = services[0];
  EXPECT_EQ(service.host, "reviews.default.svc.cluster.local");
  EXPECT_EQ(service.ns, "default");
  EXPECT_EQ(service.name, "reviews");
  EXPECT_EQ(service.resolution, model::Resolution::kStatic);
  EXPECT_FALSE(service.is_external);
  ASSERT_TRUE(service.selector);
  EXPECT_TRUE(model::selects(*service.selector, second.labels));
  EXPECT_EQ(service.ports, (std::vector<model::ServicePort>{{5432, "tcp", model::AppProtocol::kTcp, 0},
                                                            {9080, "", model::AppProtocol::kAuto, 0},
                                                            {9090, "grpc-api", model::AppProtocol::kGrpc, 0}}));
  EXPECT_EQ(service.origin->to_string(), "Service default/reviews");
}

TEST(ImplicitService, TakesTheNameOfAPortFromTheFirstWorkloadThatHasOne) {
  model::Workload named = workload("b", "s", {80});
  named.port_names = {{"http", 80}};
  model::Workload other = workload("c", "s", {80});
  other.port_names = {{"tcp", 80}};
  const auto services = implicit_services(by_id({workload("a", "s", {80}), named, other}), "d");
  EXPECT_EQ(services.at(0).ports.at(0).name, "http");
}

TEST(ImplicitService, IsOnePerNamespaceAndNameAndNoneWithoutALabel) {
  model::Workload elsewhere = workload("c", "reviews", {80});
  elsewhere.identity.ns = "prod";
  const auto services =
      implicit_services(by_id({workload("a", "reviews", {80}), workload("b", "", {80}), elsewhere}), "d");
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0].host, "reviews.default.svc.d");
  EXPECT_EQ(services[1].host, "reviews.prod.svc.d");
}

TEST(CheckWorkload, RefusesWhatWouldSpoilNamesOrIdentities) {
  const auto refuses = [](auto spoil) {
    model::Workload one = workload("a", "reviews", {80});
    EXPECT_TRUE(check_workload(one, "cluster.local"));
    spoil(one);
    return !check_workload(one, "cluster.local");
  };
  EXPECT_TRUE(refuses([](model::Workload& w) { w.id.clear(); }));
  EXPECT_TRUE(refuses([](model::Workload& w) { w.id = std::string(254, 'x'); }));
  EXPECT_TRUE(refuses([](model::Workload& w) { w.identity.trust_domain = "evil"; }));
  EXPECT_TRUE(refuses([](model::Workload& w) { w.identity.service_account = "a/b"; }));
  EXPECT_TRUE(refuses([](model::Workload& w) { w.identity.ns = "a.b"; }));
  for (const char* name : {"", "a.b", "Reviews", "-a", "a b"}) {
    EXPECT_TRUE(refuses([name](model::Workload& w) { w.labels[std::string(kServiceLabel)] = name; })) << name;
  }
}

}  // namespace
}  // namespace ripstop::control
