#include "xds/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ripstop::xds {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kProxy = R"(
node: {id: edge-1, cluster: edge, locality: {zone: z1}, metadata: {CLUSTER_ID: east, ports: [80, 81]}}
admin:
  address: {socket_address: {address: 127.0.0.1, port_value: 15000}}
static_resources:
  listeners:
  - name: in
    address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: in
          stream_idle_timeout: 0s
          route_config:
            name: local
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {prefix: /}
                route: {cluster: app, timeout: 2.5s}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: app
    type: STATIC
    connect_timeout: 0.25s
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9000}}}
)";

Result<Bootstrap> parse(std::string_view text) {
  const Result<std::string> binary = compile_bootstrap(text, "proxy.yaml");
  if (!binary) return std::unexpected(binary.error());
  return decode_bootstrap(*binary);
}

std::string error_of(std::string_view text) {
  const Result<Bootstrap> bootstrap = parse(text);
  return bootstrap ? "accepted" : bootstrap.error().message;
}

std::string replaced(std::string_view what, std::string_view by) {
  std::string text(kProxy);
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, what.size(), by);
}

class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, std::string_view text) : path_(::testing::TempDir() + name) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Bootstrap, AStaticProxyIsRead) {
  const Result<Bootstrap> bootstrap = parse(kProxy);
  ASSERT_TRUE(bootstrap.has_value()) << bootstrap.error().message;
  EXPECT_EQ(bootstrap->node.id, "edge-1");
  EXPECT_EQ(bootstrap->node.locality.zone, "z1");
  EXPECT_EQ(bootstrap->admin->to_string(), "127.0.0.1:15000");
  ASSERT_THAT(bootstrap->listeners, SizeIs(1));
  const auto& http = std::get<model::HttpConnection>(bootstrap->listeners[0].filter_chains.at(0).filter);
  EXPECT_EQ(http.stream_idle_timeout, std::nullopt);
  const auto& route = http.inline_routes->virtual_hosts.at(0).routes.at(0);
  EXPECT_EQ(std::get<model::Forward>(route.action).timeout, Duration(std::chrono::milliseconds(2500)));
  ASSERT_THAT(bootstrap->clusters, SizeIs(1));
  EXPECT_EQ(bootstrap->clusters[0].assignment->localities.at(0).endpoints.at(0).address.port, 9000);
  EXPECT_FALSE(bootstrap->ads.has_value());
}

TEST(Bootstrap, JsonWithCamelCaseAndTabsIsRead) {
  const Result<Bootstrap> bootstrap = parse(
      "{\n\t\"node\":\t{\"id\": \"n\"},\n\t\"staticResources\": {\"clusters\": [{\"name\": \"c\", \"type\": "
      "\"ORIGINAL_DST\", \"lbPolicy\": \"CLUSTER_PROVIDED\", \"connectTimeout\": \"1s\"}]}}");
  ASSERT_TRUE(bootstrap.has_value()) << bootstrap.error().message;
  EXPECT_EQ(bootstrap->clusters.at(0).discovery, model::Discovery::kOriginalDst);
}

TEST(Bootstrap, AdsIsRead) {
  const Result<Bootstrap> bootstrap = parse(std::string(kProxy) + R"(
dynamic_resources:
  lds_config: {ads: {}, resource_api_version: V3}
  cds_config: {ads: {}, resource_api_version: V3}
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    grpc_services: [{envoy_grpc: {cluster_name: app}}]
)");
  ASSERT_TRUE(bootstrap.has_value()) << bootstrap.error().message;
  ASSERT_TRUE(bootstrap->ads.has_value());
  EXPECT_EQ(bootstrap->ads->cluster, "app");
  EXPECT_TRUE(bootstrap->ads->is_delta && bootstrap->ads->listeners && bootstrap->ads->clusters);
}

TEST(Bootstrap, AnUnknownFieldIsToldWithLinePathAndTheNearestName) {
  EXPECT_THAT(error_of(replaced("connect_timeout:", "conect_timeout:")),
              AllOf(HasSubstr("proxy.yaml:31: static_resources.clusters[0].conect_timeout is not a supported field of "
                              "Cluster"),
                    HasSubstr("did you mean \"connect_timeout\"?")));
  EXPECT_THAT(error_of(replaced("stat_prefix: in", "stat_prefix: in\n          tracing: {}")),
              HasSubstr("typed_config.tracing is not a supported field of HttpConnectionManager"));
}

TEST(Bootstrap, AllUnknownFieldsAreToldAtOnce) {
  const std::string message = error_of("hds_config: {}\nnode: {id: n, colour: red}\n");
  EXPECT_THAT(message, AllOf(HasSubstr("proxy.yaml:1: hds_config is"), HasSubstr("proxy.yaml:2: node.colour is")));
}

TEST(Bootstrap, WrongValuesAreToldWithTheirPlace) {
  const std::vector<std::array<std::string_view, 3>> table = {
      {"type: STATIC", "type: AGGREGATE",
       "clusters[0].type is \"AGGREGATE\", which is not supported; it may be STATIC"},
      {"port_value: 9000", "port_value: many", "port_value is \"many\", not a number"},
      {"connect_timeout: 0.25s", "connect_timeout: soon", "connect_timeout"},
      {"connect_timeout: 0.25s", "connect_timeout: {a: b}", "must be a duration"},
      {"domains: [\"*\"]", "domains: \"*\"", "domains must be a list"},
      {"http.router.v3.Router", "http.lua.v3.Lua", "which is not supported"},
      {"cluster_name: app", "cluster_name: app\n      cluster_name: b", "given twice"},
      {"cluster_name: app", "cluster_name: [app]", "must be a single value"},
      {"  clusters:\n", "  clusters: 7\n  secrets:\n", "static_resources.clusters must be a list"},
      {"address: 127.0.0.1, port_value: 9000", "address: example.com, port_value: 9000", "not an IP address"},
  };
  for (const auto& [what, by, message] : table) EXPECT_THAT(error_of(replaced(what, by)), HasSubstr(message)) << by;
}

TEST(Bootstrap, NamesInTwoPlacesAreRefused) {
  EXPECT_THAT(
      error_of(R"(static_resources: {clusters: [{name: a, type: ORIGINAL_DST}, {name: a, type: ORIGINAL_DST}]})"),
      HasSubstr("static_resources.clusters has \"a\" more than once"));
}

TEST(Bootstrap, AdsNeedsItsClusterAndANode) {
  const std::string message = error_of(
      "dynamic_resources: {ads_config: {api_type: GRPC, transport_api_version: V3, grpc_services: [{envoy_grpc: "
      "{cluster_name: xds}}]}}");
  EXPECT_THAT(message, AllOf(HasSubstr("names the cluster \"xds\""), HasSubstr("needs a node with an id")));
}

TEST(Bootstrap, EmbeddedCertificatesBecomeSecretsThatTheContextNames) {
  const TemporaryFile roots("bootstrap_test_roots.pem", "ROOTS");
  const TemporaryFile key("bootstrap_test_key.pem", "KEY");
  const Result<Bootstrap> bootstrap = parse(replaced("    connect_timeout: 0.25s", R"(    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: example.com
        common_tls_context:
          tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
          tls_certificates:
          - certificate_chain: {inline_string: CHAIN}
            private_key: {filename: ")" + key.path() + R"("}
          validation_context:
            trusted_ca: {filename: ")" + roots.path() + R"("}
            match_typed_subject_alt_names:
            - {san_type: DNS, matcher: {exact: example.com}})"));
  ASSERT_TRUE(bootstrap.has_value()) << bootstrap.error().message;
  ASSERT_THAT(bootstrap->secrets, SizeIs(2));
  EXPECT_EQ(bootstrap->secrets[0], (model::Secret{"cluster/app/certificate", "CHAIN", "KEY", ""}));
  EXPECT_EQ(bootstrap->secrets[1], (model::Secret{"cluster/app/roots", "", "", "ROOTS"}));
  const model::UpstreamTls& tls = bootstrap->clusters.at(0).tls.value();
  EXPECT_EQ(tls.secrets.certificate, "cluster/app/certificate");
  EXPECT_EQ(tls.secrets.trusted_roots, "cluster/app/roots");
  EXPECT_THAT(tls.peer_names, SizeIs(1));
}

TEST(Bootstrap, AMissingCertificateFileIsAnError) {
  EXPECT_THAT(error_of("static_resources: {secrets: [{name: s, validation_context: {trusted_ca: {filename: /nope}}}]}"),
              HasSubstr("the file \"/nope\" cannot be read"));
}

TEST(Bootstrap, HostileDocumentsAreErrors) {
  std::string bomb = "node: {id: n, metadata: {a: &a [x, x, x, x, x, x, x, x, x, x]";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string last = std::string("*") + static_cast<char>(name - 1);
    bomb += std::string(", ") + name + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) bomb += (i == 0 ? "" : ", ") + last;
    bomb += "]";
  }
  EXPECT_THAT(error_of(bomb + "}}"), HasSubstr("too large or too deep"));
  EXPECT_THAT(error_of("node: {metadata: " + std::string(200, '[') + std::string(200, ']') + "}"),
              HasSubstr("too large or too deep"));
  EXPECT_THAT(error_of("node: {id: n"), HasSubstr("proxy.yaml:1"));
  EXPECT_THAT(error_of("[]"), HasSubstr("must be a mapping"));
  EXPECT_EQ(error_of(""), "accepted") << "an empty file is a proxy with nothing to do";
}

TEST(Bootstrap, TheChildGivesWhatTheParentWould) {
  const TemporaryFile file("bootstrap_test_proxy.yaml", kProxy);
  const Result<Bootstrap> in_child = parse_in_child(file.path());
  ASSERT_TRUE(in_child.has_value()) << in_child.error().message;
  const Result<Bootstrap> here = parse(kProxy);
  EXPECT_EQ(in_child->node.message, here->node.message);
  EXPECT_EQ(in_child->listeners, here->listeners);
  EXPECT_EQ(in_child->clusters, here->clusters);
}

TEST(Bootstrap, TheChildsErrorsComeBackAsText) {
  const TemporaryFile file("bootstrap_test_bad.yaml", "nodes: {}\n");
  EXPECT_THAT(parse_in_child(file.path()).error().message, HasSubstr("bad.yaml:1: nodes is not a supported field"));
  EXPECT_THAT(parse_in_child("/nope/x.yaml").error().message, HasSubstr("cannot open \"/nope/x.yaml\""));
}

}  // namespace
}  // namespace ripstop::xds
