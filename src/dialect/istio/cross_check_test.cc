#include "dialect/istio/cross_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/testing.h"

namespace ripstop::dialect::istio {
namespace {

using testing::briefs;
using testing::compile_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string resource(const std::string& kind, const std::string& name, const std::string& spec) {
  const std::string group = kind == "PeerAuthentication" ? "security" : "networking";
  return "---\napiVersion: " + group + ".istio.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: shop}\nspec:\n" + spec;
}

std::string route_to(const std::string& name, const std::string& host, const std::string& destination) {
  return resource("VirtualService", name,
                  "  hosts: [" + host + "]\n  http: [{route: [{destination: {" + destination + "}}]}]\n");
}

Surroundings with_services(const std::vector<std::string>& names, size_t ports = 1) {
  Surroundings surroundings;
  for (const std::string& name : names) {
    model::Service service;
    service.host = name + ".shop.svc.cluster.local";
    service.ports.resize(ports);
    surroundings.services.push_back(service);
  }
  surroundings.is_complete = true;
  return surroundings;
}

std::vector<std::string> found(const std::string& text, const Surroundings& surroundings = {}) {
  const auto outcome = compile_text(text, surroundings);
  EXPECT_FALSE(model::has_error(outcome.findings));
  return briefs(outcome.findings, model::Severity::kNote);
}

TEST(CrossCheck, AMissingHostIsOnlyMentionedWhenNothingIsKnown) {
  const std::string text = route_to("a", "reviews", "host: reviews");
  const std::string where = "istio/unknown-host 7:40 spec.http[0].route[0].destination.host";
  EXPECT_THAT(found(text), ElementsAre("N " + where));
  EXPECT_THAT(found(text, with_services({"reviews"})), IsEmpty());
  EXPECT_THAT(found(text, with_services({"ratings"})), ElementsAre("W " + where));
  Surroundings partial = with_services({"review"});
  partial.is_complete = false;
  const auto outcome = compile_text(text, partial);
  ASSERT_THAT(briefs(outcome.findings, model::Severity::kWarning), ElementsAre("W " + where));
  EXPECT_EQ(outcome.findings[0].remedy, "Did you mean \"review.shop.svc.cluster.local\"?");
}

TEST(CrossCheck, ServicesOfKubernetesAndServiceEntriesAreKnown) {
  const std::string service =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: shop}\nspec: {ports: [{port: 1}]}\n";
  EXPECT_THAT(found(route_to("a", "reviews", "host: reviews") + service), ElementsAre("N resource/bystander 9:1 kind"));
  const std::string entry = resource("ServiceEntry", "ext",
                                     "  hosts: [\"*.example.com\"]\n"
                                     "  ports: [{number: 80, name: http, protocol: HTTP}]\n");
  EXPECT_THAT(found(route_to("a", "a.example.com", "host: a.example.com") + entry), IsEmpty());
}

TEST(CrossCheck, AnUnknownSubsetIsReportedWithTheOneProbablyMeant) {
  const std::string route = route_to("a", "reviews", "host: reviews, subset: version2");
  const std::string rule = resource("DestinationRule", "a", "  host: reviews\n  subsets: [{name: version-2}]\n");
  const auto outcome = compile_text(route + rule, with_services({"reviews"}));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kNote),
              ElementsAre("W istio/unknown-subset 7:57 spec.http[0].route[0].destination.subset"));
  EXPECT_EQ(outcome.findings[0].remedy, "Did you mean \"version-2\"?");
  const std::string wildcard =
      resource("DestinationRule", "b", "  host: \"*.shop.svc.cluster.local\"\n  subsets: [{name: version2}]\n");
  EXPECT_THAT(found(route + rule + wildcard, with_services({"reviews"})), IsEmpty());
  EXPECT_THAT(found(route), ElementsAre("N istio/unknown-host 7:40 spec.http[0].route[0].destination.host",
                                        "N istio/unknown-subset 7:57 spec.http[0].route[0].destination.subset"));
}

TEST(CrossCheck, TheOlderOfTwoVirtualServicesForOneHostCounts) {
  const auto complete = with_services({"a"});
  EXPECT_THAT(found(route_to("zz", "a", "host: a") + route_to("aa", "a", "host: a"), complete),
              ElementsAre("W istio/host-conflict 6:11 spec.hosts[0]"));
  EXPECT_THAT(found(resource("VirtualService", "zz",
                             "  hosts: [a]\n  gateways: [g]\n  http: [{route: [{destination: {host: a}}]}]\n") +
                        route_to("aa", "a", "host: a"),
                    complete),
              ElementsAre("W istio/unknown-gateway 7:14 spec.gateways[0]"));
}

TEST(CrossCheck, GatewaysThatAreGivenAreKnown) {
  const std::string gateway =
      "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {}\n";
  EXPECT_THAT(found(resource("VirtualService", "v",
                             "  hosts: [a]\n  gateways: [g]\n  http: [{route: [{destination: {host: a}}]}]\n") +
                        gateway,
                    with_services({"a"})),
              ElementsAre("W resource/kind-not-honoured 10:1 kind"));
}

TEST(CrossCheck, ASelectorThatMatchesNothingIsReportedOnceTheMeshIsKnown) {
  const std::string policy =
      resource("PeerAuthentication", "p", "  selector: {matchLabels: {app: db}}\n  mtls: {mode: STRICT}\n");
  EXPECT_THAT(found(policy), IsEmpty());
  Surroundings surroundings = with_services({});
  EXPECT_THAT(found(policy, surroundings), ElementsAre("W istio/selector-matches-nothing 6:13 spec.selector"));
  surroundings.workloads.push_back({"other", {{"app", "db"}}});
  EXPECT_THAT(found(policy, surroundings), ElementsAre("W istio/selector-matches-nothing 6:13 spec.selector"));
  surroundings.workloads.push_back({"shop", {{"app", "db"}, {"version", "v1"}}});
  EXPECT_THAT(found(policy, surroundings), IsEmpty());
}

TEST(CrossCheck, ADestinationWithSeveralPortsShouldChooseOne) {
  EXPECT_THAT(found(route_to("a", "a", "host: a"), with_services({"a"}, 2)),
              ElementsAre("N istio/destination-needs-port 7:40 spec.http[0].route[0].destination.host"));
  EXPECT_THAT(found(route_to("a", "a", "host: a, port: {number: 1}"), with_services({"a"}, 2)), IsEmpty());
}

TEST(CrossCheck, PlainTcpToAServiceWithoutAddressesIsReported) {
  const std::string ports = "  ports: [{number: 5432, name: db, protocol: TCP}]\n";
  EXPECT_THAT(found(resource("ServiceEntry", "a", "  hosts: [db.example.com]\n" + ports)),
              ElementsAre("W istio/addresses-needed 7:10 spec.ports[0]"));
  EXPECT_THAT(found(resource("ServiceEntry", "a", "  hosts: [db.example.com]\n  addresses: [10.0.0.1]\n" + ports)),
              IsEmpty());
}

TEST(CrossCheck, RepeatedMatchesAreReported) {
  const std::string to = ", route: [{destination: {host: a}}]}\n";
  const std::string text = resource("VirtualService", "v",
                                    "  hosts: [a]\n  http:\n  - {match: [{uri: {exact: /a}}, {uri: {exact: /b}}]" + to +
                                        "  - {match: [{uri: {exact: /b}}, {uri: {exact: /c}}]" + to +
                                        "  - {match: [{uri: {exact: /a}}, {uri: {exact: /c}}]" + to);
  EXPECT_THAT(found(text, with_services({"a"})),
              ElementsAre("N istio/ineffective-match 9:5 spec.http[1]", "W istio/unreachable-rule 10:5 spec.http[2]"));
}

TEST(CrossCheck, RefusedResourcesTakeNoPart) {
  const auto outcome = compile_text(route_to("a", "a", "host: nowhere, subset: Bad"), with_services({"a"}));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kNote),
              ElementsAre("E istio/bad-value 7:57 spec.http[0].route[0].destination.subset"));
}

}  // namespace
}  // namespace ripstop::dialect::istio
