#include "translate/names.h"

#include <gtest/gtest.h>

namespace ripstop::translate {
namespace {

TEST(Names, AreIstios) {
  EXPECT_EQ(outbound_cluster_name(9080, "v1", "reviews.default.svc.cluster.local"),
            "outbound|9080|v1|reviews.default.svc.cluster.local");
  EXPECT_EQ(inbound_cluster_name(9080), "inbound|9080||");
  EXPECT_EQ(mesh_sni(80, "", "a.b"), "outbound_.80_._.a.b");
}

TEST(HostPatterns, GoFromTheHostToEverything) {
  EXPECT_EQ(host_patterns("a.b.c"), (std::vector<std::string>{"a.b.c", "*.b.c", "*.c", "*"}));
  EXPECT_EQ(host_patterns("*.b.c"), (std::vector<std::string>{"*.b.c", "*.c", "*"}));
  EXPECT_EQ(host_patterns("*"), (std::vector<std::string>{"*"}));
  EXPECT_EQ(host_patterns("single"), (std::vector<std::string>{"single", "*"}));
}

TEST(ExportTo, IsReadAsIstioReadsIt) {
  EXPECT_TRUE(is_exported({}, "a", "b"));
  EXPECT_TRUE(is_exported({"*"}, "a", "b"));
  EXPECT_FALSE(is_exported({"."}, "a", "b"));
  EXPECT_TRUE(is_exported({"."}, "a", "a"));
  EXPECT_TRUE(is_exported({"x", "b"}, "a", "b"));
  EXPECT_FALSE(is_exported({"~"}, "a", "a"));
}

TEST(Gateways, NameTheMeshOrNobody) {
  EXPECT_TRUE(applies_to_mesh({}));
  EXPECT_TRUE(applies_to_mesh({"ns/gateway", "mesh"}));
  EXPECT_FALSE(applies_to_mesh({"ns/gateway"}));
}

}  // namespace
}  // namespace ripstop::translate
