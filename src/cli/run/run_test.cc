#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "cli/run/member.h"
#include "cli/run/run_folder.h"
#include "cli/run/sidecar.h"
#include "cli/system/process.h"
#include "xds/bootstrap.h"

namespace ripstop::cli {
namespace {

using ::testing::ElementsAre;

Member reviews() {
  return {.service = "reviews",
          .ns = "shop",
          .service_account = "bookinfo-reviews",
          .labels = {{"version", "v1"}},
          .ports = {{9080, *SocketAddress::parse("127.0.0.1:40001")}},
          .admin = *SocketAddress::parse("127.0.0.1:40002")};
}

Registration registration() {
  return {.id = "reviews-v1-1",
          .workload = "reviews-v1",
          .spiffe_id = "spiffe://cluster.local/ns/shop/sa/bookinfo-reviews",
          .join_token = "secret",
          .xds_address = *SocketAddress::parse("127.0.0.1:41235"),
          .roots_pem = "",
          .cluster_id = "c",
          .mesh_id = "m",
          .trust_domain = "cluster.local"};
}

TEST(Member, ItsBootstrapIsOneThatTheProxyUnderstandsWhole) {
  const auto compiled = xds::compile_bootstrap(member_bootstrap(reviews(), registration()), "bootstrap.json");
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto bootstrap = xds::decode_bootstrap(*compiled);
  ASSERT_TRUE(bootstrap) << bootstrap.error().message;
  EXPECT_EQ(bootstrap->node.id, "sidecar~127.0.0.1~reviews-v1-1.shop~shop.svc.cluster.local");
  EXPECT_EQ(bootstrap->node.cluster, "reviews");
  EXPECT_EQ(bootstrap->admin, SocketAddress::parse("127.0.0.1:40002").value());
  ASSERT_TRUE(bootstrap->ads);
  EXPECT_TRUE(bootstrap->ads->is_delta && bootstrap->ads->listeners && bootstrap->ads->clusters);
  ASSERT_EQ(bootstrap->clusters.size(), 1U);
  EXPECT_EQ(bootstrap->clusters.front().name, bootstrap->ads->cluster);
}

TEST(Member, ItsRegistrationSaysEverythingTheUserSaid) {
  EXPECT_EQ(registration_request(reviews(), 123),
            R"({"service":"reviews","namespace":"shop","service_account":"bookinfo-reviews","labels":{"version":"v1"},)"
            R"("ports":[{"port":9080,"address":"127.0.0.1:40001"}],"admin_address":"127.0.0.1:40002","pid":123})");
}

TEST(Member, AnAnswerWithoutAnIdOrAnAddressIsRefused) {
  EXPECT_TRUE(parse_registration(R"({"id":"a-1","xds_address":"127.0.0.1:1"})"));
  for (const char* text : {"", "[]", R"({"id":"a-1"})", R"({"xds_address":"127.0.0.1:1"})",
                           R"({"id":"../../etc","xds_address":"127.0.0.1:1"})"}) {
    EXPECT_FALSE(parse_registration(text)) << text;
  }
}

TEST(RunRecord, SurvivesJson) {
  const RunRecord record{.id = "a-1", .workload = "a", .ns = "default", .supervisor = 12, .start_time = 34567890123};
  const Result<RunRecord> back = parse_run_record(to_json(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, "a-1");
  EXPECT_EQ(back->supervisor, 12);
  EXPECT_EQ(back->start_time, 34567890123U);
  EXPECT_FALSE(parse_run_record("{}"));
  EXPECT_FALSE(parse_run_record(R"({"id":"a","pid":-1})"));
}

TEST(Sidecar, IsToldOfEverySocketItInherits) {
  const SidecarSettings settings{.program = "p",
                                 .bootstrap = "b",
                                 .join_token = "t",
                                 .roots = "r",
                                 .log = "l",
                                 .authority = *SocketAddress::parse("127.0.0.1:1"),
                                 .spiffe_id = "s",
                                 .listening = {5, 6},
                                 .dns = {7},
                                 .broker = 8,
                                 .log_level = ""};
  EXPECT_THAT(sidecar_arguments(settings, 9),
              ElementsAre("-c", "b", "--ca", "127.0.0.1:1", "--ca-roots", "r", "--join-token-file", "t", "--spiffe-id",
                          "s", "--broker-fd", "8", "--ready-fd", "9", "--drain-time-s", "2", "--listen-fd", "5",
                          "--listen-fd", "6", "--dns-fd", "7"));
}

TEST(Process, EndsTheOneThatIsMeantAndNobodyWhoHasItsNumberNow) {
  const Result<pid_t> child = start_child({.program = "/bin/sleep", .arguments = {"1000"}, .inherited = {}});
  ASSERT_TRUE(child);
  const auto start_time = process_start_time(*child);
  ASSERT_TRUE(start_time);
  ASSERT_TRUE(end_processes({{*child, *start_time + 1}}, std::chrono::milliseconds(1)));
  EXPECT_TRUE(process_start_time(*child)) << "another start time is another process";
  ASSERT_TRUE(end_processes({{*child, *start_time}}, std::chrono::seconds(10)));
  EXPECT_FALSE(process_start_time(*child));
}

}  // namespace
}  // namespace ripstop::cli
