#include "control/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/testing/api_description.h"
#include "control/testing/mesh.h"

namespace ripstop::control {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string route_to(const std::string& name, const std::string& host, const std::string& ns = {}) {
  const std::string in = ns.empty() ? "" : ", namespace: " + ns;
  return "apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata: {name: " + name + in +
         "}\nspec:\n  hosts: [" + host + "]\n  http:\n  - route: [{destination: {host: " + host + "}}]\n";
}
constexpr const char* kBad =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: bad}\nspec:\n"
    "  hosts: [a.example.com]\n  http:\n  - timeout: soon\n"
    "    route: [{destination: {host: a.example.com}}]\n";

// Every reply is held against the description.
class ApiTest : public testing::Test {
 protected:
  net::HttpClientResponse call(const std::string& method, const std::string& target, const std::string& body = {},
                               const std::string& token = TestMesh::kToken) {
    auto reply = mesh_.call(method, target, body, token);
    const std::string path = route_of(target);
    if (!path.empty() && described_calls().contains({method, path})) {
      EXPECT_EQ(deviation(method, path, reply), "") << method << " " << target << "\n" << reply.body;
    }
    return reply;
  }
  Json get(const std::string& target) {
    const auto reply = call("GET", target);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  Json apply(const std::vector<std::string>& texts, const Json& more = Json::object()) {
    Json body = more;
    body["documents"] = Json::array();
    for (const std::string& text : texts) body["documents"].push_back({{"file", "mesh.yaml"}, {"text", text}});
    const auto reply = call("POST", "/v1/apply", body.dump());
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  static std::vector<std::string> outcomes(const Json& reply) {
    std::vector<std::string> list;
    for (const Json& one : reply["results"]) {
      list.push_back(one["namespace"].get<std::string>() + "/" + one["name"].get<std::string>() + " " +
                     one["outcome"].get<std::string>());
    }
    return list;
  }
  static std::string message(const net::HttpClientResponse& reply) {
    return Json::parse(reply.body)["error"]["message"].get<std::string>();
  }
  Json add_reviews() {
    const auto reply = call("POST", "/v1/workloads", R"({"service": "reviews", "service_account": "bookinfo-reviews",
        "labels": {"version": "v1"}, "ports": [{"port": 9080, "address": "127.0.0.1:40001", "name": "http-web"}],
        "admin_address": "127.0.0.1:40002", "pid": 123})");
    EXPECT_EQ(reply.status, 201) << reply.body;
    return Json::parse(reply.body);
  }

  TestMesh mesh_;

 private:
  // The described path that the target is of.
  static std::string route_of(const std::string& target) {
    const std::string path = target.substr(0, target.find('?'));
    const size_t slashes = static_cast<size_t>(std::ranges::count(path, '/'));
    if (path.starts_with("/v1/resources/") && slashes == 5) return "/v1/resources/{kind}/{namespace}/{name}";
    if (path.starts_with("/v1/workloads/")) return "/v1/workloads/{id}";
    return path;
  }
};

TEST(ApiRoutes, AreThoseOfTheDescription) {
  std::set<std::pair<std::string, std::string>> served;
  for (const ApiRoute& route : api_routes()) served.emplace(route.method, route.path);
  EXPECT_EQ(served, described_calls());
  EXPECT_EQ(served.size(), api_routes().size()) << "a route is there twice";
}

TEST_F(ApiTest, NothingIsAnsweredWithoutTheToken) {
  for (const std::string token : {"", "wrong", "the-token-of-this-tesT", "the-token-of-this-test-and-more"}) {
    for (const ApiRoute& route : api_routes()) {
      const auto reply = call(std::string(route.method), std::string(route.path), "{}", token);
      EXPECT_EQ(reply.status, 401) << route.path;
      EXPECT_EQ(reply.field("www-authenticate"), "Bearer");
    }
    EXPECT_EQ(call("GET", "/v1/nothing", "", token).status, 401) << "not even what there is";
  }
}

TEST_F(ApiTest, UnknownPathsAndMethodsSaySo) {
  const auto unknown = call("GET", "/v2/health");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(message(unknown), HasSubstr("/v2/health"));
  EXPECT_EQ(call("GET", "/v1/workloads/").status, 404);
  EXPECT_EQ(mesh_.call("GET", "/v1/resources/a/%zz/b").status, 400) << "the server itself refuses it";
  const auto wrong = call("PUT", "/v1/workloads", "{}");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.field("allow"), "GET, POST");
}

TEST_F(ApiTest, AppliesAndSaysWhatBecameOfEachResource) {
  const Json first = apply({route_to("a", "a.example.com") + "---\n" + route_to("b", "b.example.com", "shop")});
  EXPECT_THAT(outcomes(first), ElementsAre("default/a created", "shop/b created"));
  const Json second = apply({route_to("a", "c.example.com"), route_to("b", "b.example.com", "shop")});
  EXPECT_THAT(outcomes(second), ElementsAre("default/a configured", "shop/b unchanged"));
  const Json third = apply({route_to("a", "c.example.com"), route_to("b", "b.example.com", "shop")});
  EXPECT_THAT(outcomes(third), ElementsAre("default/a unchanged", "shop/b unchanged"));
  EXPECT_EQ(third["revision"], second["revision"]);
  EXPECT_GT(second["revision"], first["revision"]);
}

TEST_F(ApiTest, ABadResourceIsRefusedWholeAndTheOthersAreTaken) {
  apply({route_to("bad", "a.example.com")});
  const Json reply = apply({route_to("good", "b.example.com"), kBad, "not: [a resource"});
  EXPECT_THAT(outcomes(reply), ElementsAre("default/good created", "default/bad refused"));
  std::vector<std::string> errors;
  for (const Json& finding : reply["findings"]) {
    if (finding["severity"] == "error") errors.push_back(finding["resource"].get<std::string>());
  }
  EXPECT_THAT(errors, testing::UnorderedElementsAre("VirtualService default/bad", ""));
  EXPECT_EQ(get("/v1/resources/vs/default/bad")["text"], route_to("bad", "a.example.com")) << "the last good one";
  EXPECT_EQ(get("/v1/resources/vs/default/good")["file"], "mesh.yaml");
}

TEST_F(ApiTest, ADryRunChangesNothing) {
  const Json reply = apply({route_to("a", "a.example.com"), kBad}, {{"dry_run", true}});
  EXPECT_THAT(outcomes(reply), ElementsAre("default/a created", "default/bad refused"));
  EXPECT_THAT(get("/v1/resources")["resources"], IsEmpty());
  EXPECT_EQ(get("/v1/health")["revision"], 0);
}

TEST_F(ApiTest, ResourcesWithoutANamespaceGoWhereTheRequestSays) {
  const Json reply =
      apply({route_to("a", "a.example.com"), route_to("b", "b.example.com", "other")}, {{"default_namespace", "shop"}});
  EXPECT_THAT(outcomes(reply), ElementsAre("shop/a created", "other/b created"));
  EXPECT_EQ(get("/v1/resources?namespace=shop")["resources"].size(), 1U);
}

TEST_F(ApiTest, ListsGetsAndDeletesByAnyNameOfAKind) {
  apply({route_to("a", "a.example.com"), route_to("b", "b.example.com")});
  for (const char* kind : {"VirtualService", "virtualservices", "vs"}) {
    EXPECT_EQ(get("/v1/resources?kind=" + std::string(kind))["resources"].size(), 2U) << kind;
  }
  EXPECT_THAT(get("/v1/resources?kind=DestinationRule")["resources"], IsEmpty());
  const Json resource = get("/v1/resources/virtualservice/default/a");
  EXPECT_EQ(resource["api_version"], "networking.istio.io/v1beta1");
  EXPECT_EQ(resource["owner"], "api");
  const auto gone = call("DELETE", "/v1/resources/vs/default/a");
  EXPECT_EQ(gone.status, 200);
  EXPECT_THAT(outcomes(Json::parse(gone.body)), ElementsAre("default/a deleted"));
  EXPECT_EQ(call("GET", "/v1/resources/vs/default/a").status, 404);
  EXPECT_EQ(message(call("DELETE", "/v1/resources/vs/default/a")), "there is no VirtualService default/a");
  EXPECT_THAT(message(call("GET", "/v1/resources/vitualservice/default/b")), HasSubstr("did you mean VirtualService"));
}

TEST_F(ApiTest, WhatAFolderKeepsIsDeletedThere) {
  const FolderContent folder{
      .files = {{.path = "git/a.yaml", .bytes = route_to("a", "a.example.com"), .complaint = {}}}};
  ASSERT_TRUE(mesh_.catalogue().follow(folder, mesh_.now()));
  const auto refused = call("DELETE", "/v1/resources/vs/default/a");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(message(refused), HasSubstr("git/a.yaml"));
  EXPECT_THAT(outcomes(apply({route_to("a", "b.example.com")})), ElementsAre("default/a refused"));
  EXPECT_EQ(get("/v1/resources/vs/default/a")["owner"], "folder");
}

TEST_F(ApiTest, RegistersAWorkloadAndShowsIt) {
  const Json registered = add_reviews();
  EXPECT_EQ(registered["id"], "reviews-v1-1");
  EXPECT_EQ(registered["workload"], "reviews-v1");
  EXPECT_EQ(registered["spiffe_id"], "spiffe://cluster.local/ns/default/sa/bookinfo-reviews");
  EXPECT_EQ(registered["xds_address"], "127.0.0.1:15012");
  EXPECT_EQ(registered["roots_pem"], mesh_.call("GET", "/v1/root").body);
  EXPECT_EQ(add_reviews()["id"], "reviews-v1-2");
  const Json workload = get("/v1/workloads")["workloads"][0];
  EXPECT_EQ(workload["service"], "reviews");
  EXPECT_EQ(workload["labels"], (Json{{"app", "reviews"}, {"version", "v1"}})) << "without the mesh's own";
  EXPECT_EQ(workload["ports"], (Json{{{"port", 9080}, {"address", "127.0.0.1:40001"}}}));
  EXPECT_EQ(workload["admin_address"], "127.0.0.1:40002");
  EXPECT_EQ(workload["pid"], 123);
  EXPECT_EQ(workload["ready"], false);
  const Json service = get("/v1/services")["services"][0];
  EXPECT_EQ(service["host"], "reviews.default.svc.cluster.local");
  EXPECT_EQ(service["ports"], (Json{{{"number", 9080}, {"name", "http-web"}, {"protocol", "http"}}}));
  EXPECT_EQ(service["endpoints"], 0);
  EXPECT_EQ(get("/v1/proxies")["proxies"][0]["connected"], false);
  EXPECT_EQ(call("DELETE", "/v1/workloads/reviews-v1-1").status, 200);
  EXPECT_EQ(call("DELETE", "/v1/workloads/reviews-v1-1").status, 404);
  EXPECT_EQ(get("/v1/workloads")["workloads"].size(), 1U);
}

struct BadInput {
  const char* method;
  const char* target;
  const char* body;
  int status;
  const char* says;
};

TEST_F(ApiTest, EveryBadInputGetsAClearError) {
  const BadInput inputs[] = {
      {"POST", "/v1/apply", "", 400, "\"documents\" is missing"},
      {"POST", "/v1/apply", "{", 400, "not JSON"},
      {"POST", "/v1/apply", "\xff", 400, "not JSON"},
      {"POST", "/v1/apply", "[]", 400, "the body must be a JSON object"},
      {"POST", "/v1/apply", "{}", 400, "\"documents\" is missing"},
      {"POST", "/v1/apply", R"({"documents": {}})", 400, "\"documents\" must be a list"},
      {"POST", "/v1/apply", R"({"documents": [1]})", 400, "\"documents[0]\" must be a JSON object"},
      {"POST", "/v1/apply", R"({"documents": [{"text": ""}, {}]})", 400, "\"documents[1].text\" is missing"},
      {"POST", "/v1/apply", R"({"documents": [{"text": 1}]})", 400, "\"documents[0].text\" must be a text"},
      {"POST", "/v1/apply", R"({"documents": [], "dryrun": true})", 400, "did you mean \"dry_run\""},
      {"POST", "/v1/apply", R"({"documents": [], "dry_run": 1})", 400, "\"dry_run\" must be true or false"},
      {"POST", "/v1/workloads", "{}", 400, "\"service\" is missing"},
      {"POST", "/v1/workloads", R"({"service": 1})", 400, "\"service\" must be a text"},
      {"POST", "/v1/workloads", R"({"service": "Über"})", 400, "service of the workload"},
      {"POST", "/v1/workloads", R"({"service": "../x"})", 400, "service of the workload"},
      {"POST", "/v1/workloads", R"({"service": "a", "namespace": "a/b"})", 400, "namespace"},
      {"POST", "/v1/workloads", R"({"service": "a", "service_account": "a b"})", 400, "service account"},
      {"POST", "/v1/workloads", R"({"service": "a", "labels": []})", 400, "\"labels\" must be a JSON object"},
      {"POST", "/v1/workloads", R"({"service": "a", "labels": {"x": 1}})", 400, "\"labels.x\" must be a text"},
      {"POST", "/v1/workloads", R"({"service": "a", "labels": {"version": "../.."}})", 400,
       "\"version\" needs a value"},
      {"POST", "/v1/workloads", R"({"service": "a", "labels": {"a b": "x"}})", 400, "\"a b\" is not a label"},
      {"POST", "/v1/workloads", R"({"service": "a", "labels": {"ripstop.io/service": "b"}})", 400, "the mesh's own"},
      {"POST", "/v1/workloads", R"({"service": "a", "ports": 80})", 400, "\"ports\" must be a list"},
      {"POST", "/v1/workloads", R"({"service": "a", "ports": [{}]})", 400, "\"ports[0].port\" is missing"},
      {"POST", "/v1/workloads", R"({"service": "a", "ports": [{"port": 70000}]})", 400, "from 1 to 65535"},
      {"POST", "/v1/workloads", R"({"service": "a", "ports": [{"port": 1.5}]})", 400, "whole number"},
      {"POST", "/v1/workloads", R"({"service": "a", "ports": [{"port": 80, "address": "x"}]})", 400, "127.0.0.1:40001"},
      {"POST", "/v1/workloads",
       R"({"service": "a", "ports": [{"port": 80, "address": "127.0.0.1:1"}, {"port": 80, "address": "127.0.0.1:2"}]})",
       400, "names 80 twice"},
      {"POST", "/v1/workloads", R"({"service": "a", "admin_address": "here"})", 400, "\"admin_address\" must be"},
      {"POST", "/v1/workloads", R"({"service": "a", "pid": -1})", 400, "\"pid\" must be"},
      {"POST", "/v1/workloads", R"({"service": "a", "pid": 99999999999999999999})", 400, "\"pid\" must be"},
      {"POST", "/v1/workloads",
       R"({"service": "a", "namespace": "ripstop-system", "service_account": "ripstop-control"})", 400,
       "the control plane's own"},
      {"DELETE", "/v1/workloads/ghost", "", 404, "there is no workload ghost"},
      {"GET", "/v1/resources?kind=Nonsense", "", 400, "\"Nonsense\" is not a kind"},
      {"GET", "/v1/resources/Nonsense/a/b", "", 400, "\"Nonsense\" is not a kind"},
      {"GET", "/v1/resources/vs/-/b", "", 404, "there is no VirtualService b"},
      {"GET", "/v1/watch?since=x", "", 400, "\"since\" must be a revision"},
      {"GET", "/v1/watch?since=-1", "", 400, "\"since\" must be a revision"},
      {"GET", "/v1/watch?since=99", "", 400, "revision"},
      {"POST", "/v1/root/rotate", "{}", 400, "\"step\" must be \"next\" or \"cancel\""},
      {"POST", "/v1/root/rotate", R"({"step":"back"})", 400, "\"step\" must be"},
      {"POST", "/v1/root/rotate", R"({"step":"cancel"})", 400, "cancelled only"},
      {"POST", "/v1/root/rotate", R"({"step":"next","force":"yes"})", 400, "\"force\" must be true or false"},
  };
  for (const BadInput& input : inputs) {
    const auto reply = call(input.method, input.target, input.body);
    EXPECT_EQ(reply.status, input.status) << input.target << " " << input.body << "\n" << reply.body;
    EXPECT_THAT(message(reply), HasSubstr(input.says)) << input.target << " " << input.body;
  }
  EXPECT_THAT(get("/v1/workloads")["workloads"], IsEmpty()) << "none of it left a trace";
  EXPECT_THAT(*mesh_.store().registrations().list(), IsEmpty());
  EXPECT_THAT(*mesh_.store().tokens().list(), IsEmpty());
}

TEST_F(ApiTest, ABodyOverTheLimitIsRefused) {
  EXPECT_EQ(mesh_.call("POST", "/v1/apply", std::string((8U << 20U) + 1, ' ')).status, 413);
  EXPECT_EQ(call("POST", "/v1/apply", std::string(1U << 20U, ' ') + R"({"documents":[]})").status, 200);
}

TEST_F(ApiTest, AWatchShowsWhatHasChangedAndWhatChanges) {
  apply({route_to("a", "a.example.com")});
  const net::HttpClientRequest request{
      .target = "/v1/watch?since=0", .fields = {{"authorization", "Bearer the-token-of-this-test"}}, .body = {}};
  auto watch = mesh_.await(net::http_open(mesh_.connect_api(), request, net::testing::soon()));
  ASSERT_TRUE(watch);
  EXPECT_EQ((*watch)->response().field("content-type"), "application/x-ndjson");
  const auto next = [&] {
    const std::string line = *mesh_.await((*watch)->read(net::testing::soon()));
    const Json change = Json::parse(line.substr(0, line.find('\n')));
    return change["kind"].get<std::string>() + " " + change["name"].get<std::string>() + " " +
           change["change"].get<std::string>();
  };
  EXPECT_EQ(next(), "VirtualService a applied");
  add_reviews();
  EXPECT_EQ(next(), "Workload reviews-v1-1 applied");
  call("DELETE", "/v1/resources/vs/default/a");
  EXPECT_EQ(next(), "VirtualService a deleted");
  call("DELETE", "/v1/workloads/reviews-v1-1");
  EXPECT_EQ(next(), "Workload reviews-v1-1 deleted");
  ASSERT_TRUE(mesh_.store().compact(mesh_.store().revision()));
  EXPECT_EQ(call("GET", "/v1/watch?since=1").status, 410) << "it cannot know what it missed";
}

TEST_F(ApiTest, DiagnosticsShowWhatIsToBeSaidAboutTheMesh) {
  apply({route_to("a", "nowhere")});
  const Json findings = get("/v1/diagnostics")["findings"];
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0]["resource"], "VirtualService default/a");
}

}  // namespace
}  // namespace ripstop::control
