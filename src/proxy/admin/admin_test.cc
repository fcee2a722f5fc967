#include "proxy/admin/admin.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "net/tls/test_certificates.h"
#include "runtime/wait.h"

namespace ripstop::proxy::admin {
namespace {

constexpr std::string_view kHostile = "<script>\"\\\n\x01\xff&";

std::string key_pem(const net::testing::Issued& issued) {
  const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), issued.key->get(), nullptr, nullptr, 0, nullptr, nullptr);
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

struct Page {
  int status = 0;
  std::string head;
  std::string body;
};

class AdminPages : public ::testing::Test {
 protected:
  AdminPages() {
    auto fleet = Fleet::start(2, [this](size_t) -> Result<Worker::Parts> {
      Worker::Parts parts;
      parts.dialer = *ApplicationDialer::open(-1);
      parts.telemetry = metrics_.make_worker({});
      return parts;
    });
    fleet_ = std::move(*fleet);
    store_ = std::make_unique<ConfigStore>(secrets_, [this](const std::shared_ptr<const SettingsDelta>& delta) {
      fleet_->post_all([delta](Worker& worker) { worker.apply(*delta); });
    });
    fill();
    AdminContext context{.fleet = *fleet_, .store = *store_, .secrets = secrets_, .metrics = metrics_};
    context.node = &node_;
    context.is_ready = [this] { return is_ready_; };
    context.state = [this] { return std::string(is_ready_ ? "LIVE" : "INITIALIZING"); };
    context.drain = [this](bool inbound_only) { drained_ = inbound_only ? "inbound" : "all"; };
    context.quit = [this] { has_quit_ = true; };
    auto socket = *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
    address_ = *socket.local_address();
    admin_ = *Admin::make(socket.release(), std::move(context));
  }

  void fill() {
    issued_ = authority_.issue("spiffe://t/ns/a/sa/b");
    model::Secret own{.name = "default",
                      .certificate_chain_pem = key_pem(issued_) + issued_.certificate_pem,
                      .private_key_pem = key_pem(issued_)};
    EXPECT_TRUE(secrets_.set(own));
    model::Secret roots{.name = "ROOTCA", .trusted_roots_pem = authority_.root_pem()};
    EXPECT_TRUE(secrets_.set(roots));
    model::Cluster cluster;
    cluster.name = kHostile;
    cluster.discovery = model::Discovery::kStatic;
    cluster.assignment.emplace();
    cluster.assignment->localities.emplace_back();
    cluster.assignment->localities[0].endpoints.push_back({.address = {IpAddress::loopback_v4(), 9080}});
    EXPECT_TRUE(store_->add_cluster(cluster));
    model::TcpProxy tcp;
    tcp.clusters.push_back({.cluster = std::string(kHostile)});
    model::FilterChain chain;
    chain.filter = tcp;
    chain.tls.emplace();
    chain.tls->secrets = {"default", "ROOTCA"};
    model::Listener listener;
    listener.name = kHostile;
    listener.address = {IpAddress::loopback_v4(), 15006};
    listener.filter_chains.push_back(std::move(chain));
    EXPECT_TRUE(store_->add_listener(std::move(listener)));
  }

  static runtime::Task<void> talk(SocketAddress address, std::string request, std::string& heard) {
    auto socket = co_await runtime::connect({address, {}}, kNever);
    const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
    co_await net::write_all(*stream, request, kNever);
    char buffer[4096];
    for (;;) {
      auto got = co_await net::read_some(*stream, buffer, kNever);
      if (!got || *got == 0) co_return;
      heard.append(buffer, *got);
    }
  }

  Page get(const std::string& target, const std::string& method = "GET", const std::string& fields = {}) {
    std::string heard;
    runtime::Scope scope;
    scope.spawn(talk(address_,
                     method + " " + target + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n" + fields + "\r\n", heard));
    for (int turn = 0; turn < 2000 && scope.size() != 0; ++turn) reactor_.run_once(std::chrono::milliseconds(5));
    EXPECT_EQ(scope.size(), 0U) << target;
    const size_t end = heard.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    return {std::atoi(heard.c_str() + 9), heard.substr(0, end), heard.substr(end + 4)};
  }

  runtime::Reactor reactor_;
  telemetry::MetricsRegistry metrics_;
  net::testing::TestAuthority authority_;
  net::testing::Issued issued_;
  SecretStore secrets_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<ConfigStore> store_;
  xds::Bootstrap::Node node_{.id = std::string(kHostile), .cluster = "c", .locality = {}, .message = {}};
  SocketAddress address_;
  std::unique_ptr<Admin> admin_;
  bool is_ready_ = true;
  bool has_quit_ = false;
  std::string drained_;
};

TEST_F(AdminPages, AreAllThere) {
  for (const char* path : {"/", "/help", "/certs", "/clusters", "/clusters?format=json", "/config_dump",
                           "/config_dump?include_eds", "/listeners", "/listeners?format=json", "/logging", "/ready",
                           "/server_info", "/stats", "/stats?format=prometheus", "/stats/prometheus"}) {
    const Page page = get(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_NE(page.head.find("content-type: "), std::string::npos) << path;
  }
  const Page missing = get("/no_such_page");
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find("/config_dump"), std::string::npos) << "says what there is";
}

TEST_F(AdminPages, SayWhetherTheProxyServes) {
  EXPECT_EQ(get("/ready").body, "LIVE\n");
  is_ready_ = false;
  const Page page = get("/ready");
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(page.body, "INITIALIZING\n");
}

TEST_F(AdminPages, ChangeNothingByGet) {
  for (const char* path : {"/drain_listeners", "/quitquitquit"}) {
    const Page page = get(path);
    EXPECT_EQ(page.status, 405) << path;
    EXPECT_NE(page.head.find("allow: POST"), std::string::npos) << page.head;
  }
  get("/logging?level=trace");
  EXPECT_FALSE(log::is_logged(log::Level::kTrace, "proxy"));
  EXPECT_TRUE(drained_.empty());
  EXPECT_FALSE(has_quit_);
  EXPECT_EQ(get("/drain_listeners?inboundonly", "POST").status, 200);
  EXPECT_EQ(drained_, "inbound");
  EXPECT_EQ(get("/drain_listeners", "POST").status, 200);
  EXPECT_EQ(drained_, "all");
  EXPECT_EQ(get("/quitquitquit", "POST", "origin: http://evil.example\r\n").status, 403);
  EXPECT_FALSE(has_quit_);
  EXPECT_EQ(get("/quitquitquit", "POST").status, 200);
  EXPECT_TRUE(has_quit_);
}

TEST_F(AdminPages, SetLogLevels) {
  EXPECT_EQ(get("/logging?level=trace&component=proxy.admin-test", "POST").status, 200);
  EXPECT_TRUE(log::is_logged(log::Level::kTrace, "proxy.admin-test"));
  EXPECT_FALSE(log::is_logged(log::Level::kTrace, "proxy.xds"));
  EXPECT_EQ(get("/logging?level=loud", "POST").status, 400);
  EXPECT_EQ(get("/logging", "POST").status, 400);
}

TEST_F(AdminPages, NeverShowAKey) {
  std::string pem = key_pem(issued_);
  // Any line of its base64 will do.
  const size_t begin = pem.find('\n') + 1;
  const std::string line = pem.substr(begin, pem.find('\n', begin) - begin);
  ASSERT_GE(line.size(), 60U);
  for (const char* path : {"/config_dump", "/config_dump?include_eds", "/certs", "/listeners?format=json", "/stats"}) {
    const std::string body = get(path).body;
    EXPECT_EQ(body.find(line), std::string::npos) << path;
    EXPECT_EQ(body.find("PRIVATE KEY"), std::string::npos) << path;
  }
  const auto dump = nlohmann::json::parse(get("/config_dump").body);
  EXPECT_EQ(dump["secrets"][1]["name"], "default");
  EXPECT_EQ(dump["secrets"][1]["private_key"], "[redacted]");
  EXPECT_NE(dump["secrets"][1]["certificate_chain"].get<std::string>().find("BEGIN CERTIFICATE"), std::string::npos);
  EXPECT_EQ(dump["secrets"][0]["private_key"], "");
}

TEST_F(AdminPages, EscapeEveryName) {
  const std::string as_text = "<script>\"\\\n\x01\xc3\xbf&";  // bytes above ASCII read as Latin-1
  EXPECT_EQ(nlohmann::json::parse(get("/config_dump").body)["clusters"][0]["name"], as_text);
  EXPECT_EQ(nlohmann::json::parse(get("/clusters?format=json").body)["cluster_statuses"][0]["name"], as_text);
  EXPECT_EQ(nlohmann::json::parse(get("/listeners?format=json").body)["listener_statuses"][0]["name"], as_text);
  EXPECT_EQ(nlohmann::json::parse(get("/server_info").body)["node"]["id"], as_text);
  for (const char* path : {"/config_dump", "/clusters?format=json", "/server_info", "/listeners?format=json"}) {
    EXPECT_EQ(get(path).body.find('<'), std::string::npos) << path;
  }
  for (const char* path : {"/clusters", "/listeners"}) {
    const Page page = get(path);
    EXPECT_EQ(page.body.find('\x01'), std::string::npos) << path;
    EXPECT_NE(page.head.find("text/plain"), std::string::npos) << path;
    EXPECT_NE(page.head.find("nosniff"), std::string::npos) << "or a browser may guess HTML: " << page.head;
  }
}

TEST_F(AdminPages, ShowWhatIsInForce) {
  const auto dump = nlohmann::json::parse(get("/config_dump").body);
  EXPECT_EQ(dump["listeners"][0]["address"], "127.0.0.1:15006");
  EXPECT_EQ(dump["listeners"][0]["filter_chains"][0]["filter"], "tcp");
  EXPECT_EQ(dump["listeners"][0]["filter_chains"][0]["tls"]["certificate"], "default");
  EXPECT_FALSE(dump.contains("endpoints"));
  const auto certificates = nlohmann::json::parse(get("/certs").body)["certificates"];
  ASSERT_EQ(certificates.size(), 2U);
  EXPECT_EQ(certificates[0]["kind"], "trust_bundle");
  EXPECT_EQ(certificates[1]["uri"], "spiffe://t/ns/a/sa/b");
  EXPECT_GT(certificates[1]["seconds_left"].get<long>(), 3000);
  const auto clusters = nlohmann::json::parse(get("/clusters?format=json").body)["cluster_statuses"];
  ASSERT_EQ(clusters.size(), 1U) << "merged over the workers";
  EXPECT_EQ(clusters[0]["host_statuses"][0]["address"], "127.0.0.1:9080");
  EXPECT_EQ(clusters[0]["host_statuses"][0]["health"], "healthy");
  EXPECT_NE(get("/stats").body.find("server.concurrency: 2\n"), std::string::npos);
}

}  // namespace
}  // namespace ripstop::proxy::admin
