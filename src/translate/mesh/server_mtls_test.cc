#include "translate/mesh/server_mtls.h"

#include <gtest/gtest.h>

namespace ripstop::translate {
namespace {

using model::MtlsMode;

constexpr const char* kRoot = "istio-system";

model::ServerMtls policy(std::string ns, MtlsMode mode, int64_t created = 0) {
  model::ServerMtls made;
  made.ns = std::move(ns);
  made.mode = mode;
  made.created = created;
  return made;
}

model::ServerMtls for_app(std::string ns, MtlsMode mode, std::map<uint16_t, MtlsMode> ports = {}, int64_t created = 0) {
  model::ServerMtls made = policy(std::move(ns), mode, created);
  made.selector = model::Labels{{"app", "a"}};
  made.port_modes = std::move(ports);
  return made;
}

MtlsMode at(const std::vector<model::ServerMtls>& policies, uint16_t port = 80) {
  return ServerMtlsTable(policies, kRoot).of("ns", {{"app", "a"}}).at(port);
}

TEST(ServerMtls, IsPermissiveWhenNobodySaidAnything) {
  EXPECT_EQ(at({}), MtlsMode::kPermissive);
  EXPECT_EQ(at({policy("ns", MtlsMode::kUnset)}), MtlsMode::kPermissive);
}

TEST(ServerMtls, PrefersWorkloadToNamespaceToMesh) {
  const auto mesh = policy(kRoot, MtlsMode::kStrict);
  const auto ns = policy("ns", MtlsMode::kDisable);
  const auto workload = for_app("ns", MtlsMode::kPermissive);
  EXPECT_EQ(at({mesh}), MtlsMode::kStrict);
  EXPECT_EQ(at({mesh, ns}), MtlsMode::kDisable);
  EXPECT_EQ(at({mesh, ns, workload}), MtlsMode::kPermissive);
}

TEST(ServerMtls, InheritsWhatIsUnset) {
  EXPECT_EQ(at({policy(kRoot, MtlsMode::kStrict), policy("ns", MtlsMode::kUnset), for_app("ns", MtlsMode::kUnset)}),
            MtlsMode::kStrict);
}

TEST(ServerMtls, LetsTheOldestOfAScopeWin) {
  EXPECT_EQ(at({policy("ns", MtlsMode::kDisable, 20), policy("ns", MtlsMode::kStrict, 10)}), MtlsMode::kStrict);
  EXPECT_EQ(at({for_app("ns", MtlsMode::kDisable, {}, 20), for_app("ns", MtlsMode::kStrict, {}, 10)}),
            MtlsMode::kStrict);
}

TEST(ServerMtls, ReadsPortModesOnlyWithASelector) {
  EXPECT_EQ(at({for_app("ns", MtlsMode::kStrict, {{80, MtlsMode::kDisable}})}), MtlsMode::kDisable);
  EXPECT_EQ(at({for_app("ns", MtlsMode::kStrict, {{80, MtlsMode::kDisable}})}, 81), MtlsMode::kStrict);
  EXPECT_EQ(at({for_app("ns", MtlsMode::kStrict, {{80, MtlsMode::kUnset}})}), MtlsMode::kStrict);
  auto whole_namespace = policy("ns", MtlsMode::kStrict);
  whole_namespace.port_modes = {{80, MtlsMode::kDisable}};
  EXPECT_EQ(at({whole_namespace}), MtlsMode::kStrict);
}

TEST(ServerMtls, IgnoresOtherWorkloadsOtherNamespacesAndSelectorsInTheRoot) {
  auto other = for_app("ns", MtlsMode::kStrict);
  other.selector = model::Labels{{"app", "b"}};
  EXPECT_EQ(at({other, policy("elsewhere", MtlsMode::kStrict), for_app(kRoot, MtlsMode::kStrict)}),
            MtlsMode::kPermissive);
}

}  // namespace
}  // namespace ripstop::translate
