#include "translate/fingerprint.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "model/mesh_route.h"
#include "model/service.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

TEST(Fingerprint, IsEqualForEqualContentBehindDifferentPointers) {
  const auto one = std::make_shared<const model::Service>(testing::service("a", testing::http(80), "10.0.0.1"));
  const auto other = std::make_shared<const model::Service>(testing::service("a", testing::http(80), "10.0.0.1"));
  EXPECT_EQ(fingerprint(one), fingerprint(other));
}

TEST(Fingerprint, ChangesWithEachFieldOfAService) {
  using Change = void (*)(model::Service&);
  const std::vector<Change> changes = {
      [](model::Service& s) { s.host = "b"; },
      [](model::Service& s) { s.ns = "b"; },
      [](model::Service& s) { s.name = "b"; },
      [](model::Service& s) { s.addresses.clear(); },
      [](model::Service& s) { s.address_ranges = {CidrBlock::parse("10.0.0.0/8").value()}; },
      [](model::Service& s) { s.ports[0].number = 81; },
      [](model::Service& s) { s.ports[0].name = "x"; },
      [](model::Service& s) { s.ports[0].protocol = model::AppProtocol::kGrpc; },
      [](model::Service& s) { s.ports[0].target_port = 8080; },
      [](model::Service& s) { s.resolution = model::Resolution::kDns; },
      [](model::Service& s) { s.is_external = true; },
      [](model::Service& s) { s.endpoints.emplace_back(); },
      [](model::Service& s) { s.selector.reset(); },
      [](model::Service& s) { s.selector->emplace("k", "v"); },
      [](model::Service& s) { s.subject_alt_names = {"n"}; },
      [](model::Service& s) { s.export_to = {"."}; },
      [](model::Service& s) { s.origin = testing::origin("Service", "default", "other"); },
      [](model::Service& s) { s.origin = nullptr; },
  };
  const model::Service service = testing::service("a", testing::http(80), "10.0.0.1");
  for (size_t index = 0; index < changes.size(); ++index) {
    model::Service changed = service;
    changes[index](changed);
    EXPECT_NE(fingerprint(changed), fingerprint(service)) << "change " << index;
  }
}

TEST(Fingerprint, TellsWhereOneTextEndsAndTheNextBegins) {
  EXPECT_NE(fingerprint(std::vector<std::string>{"ab", "c"}), fingerprint(std::vector<std::string>{"a", "bc"}));
  EXPECT_NE(fingerprint(std::vector<std::string>{"ab"}), fingerprint(std::vector<std::string>{"a", "b"}));
  EXPECT_NE(fingerprint(std::vector<std::string>{}), fingerprint(std::vector<std::string>{""}));
}

TEST(Fingerprint, TellsAbsentFromZero) {
  EXPECT_NE(fingerprint(std::optional<uint16_t>()), fingerprint(std::optional<uint16_t>(0)));
}

TEST(Fingerprint, TellsAlternativesOfEqualContentApart) {
  using Either = std::variant<int, uint64_t>;
  EXPECT_NE(fingerprint(Either(1)), fingerprint(Either(uint64_t{1})));
}

TEST(Fingerprint, TellsIpv4FromTheIpv6AddressOfTheSameFirstBytes) {
  EXPECT_NE(fingerprint(testing::ip("1.2.3.4")), fingerprint(testing::ip("102:304::")));
}

TEST(Fingerprint, GoesDownIntoARulesConditionsAndActions) {
  const model::HttpRoutes routes =
      testing::routes("h", {testing::rule(testing::user("jason"), {testing::to("h", "v1")})});
  model::HttpRoutes other_user = routes;
  other_user.rules[0].conditions[0].match.headers[0].value.text = "paul";
  model::HttpRoutes other_subset = routes;
  std::get<model::ForwardToServices>(other_subset.rules[0].action).destinations[0].destination.subset = "v2";
  EXPECT_NE(fingerprint(routes), fingerprint(other_user));
  EXPECT_NE(fingerprint(routes), fingerprint(other_subset));
}

TEST(Fingerprint, TakesAPartByItsDigest) {
  const Part<std::string> part = make_part(std::string("text"));
  EXPECT_EQ(fingerprint(part), fingerprint(Part<std::string>{nullptr, part.digest}));
  EXPECT_NE(fingerprint(part), fingerprint(Part<std::string>{}));
}

}  // namespace
}  // namespace ripstop::translate
