// For tests only: a whole control plane on streams in memory, its API, and a way to run it until something has
// happened.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/control_plane.h"
#include "control/testing/temporary_folder.h"
#include "net/http/http_client.h"
#include "net/net_testing.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::control {

class TestMesh {
 public:
  static constexpr const char* kToken = "the-token-of-this-test";

  TestMesh() { start(); }

  void start() {
    store_.emplace(std::move(*Store::open(folder_ / "mesh.db")));
    authority_.emplace(std::move(*Authority::open({.folder = folder_ / "ca",
                                                   .mesh_id = "test",
                                                   .default_lifetime = std::chrono::hours(24),
                                                   .max_lifetime = std::chrono::hours(24),
                                                   .given = {}},
                                                  now())));
    catalogue_ = std::move(*Catalogue::open(*store_, {}));
    const ControlPlaneOptions options{.api_token = kToken,
                                      .xds_address = "127.0.0.1:15012",
                                      .mesh_id = "test",
                                      .cluster_id = "here",
                                      .pace = {},
                                      .now = [this] { return now(); }};
    control_plane_ = std::make_unique<ControlPlane>(MeshState{*store_, *authority_, *catalogue_}, options);
  }
  // As a kill does: nothing is said to anybody.
  void kill() {
    control_plane_.reset();
    catalogue_.reset();
    authority_.reset();
    store_.reset();
  }
  // As SIGTERM does.
  void stop() {
    await(control_plane_->stop(reactor.now() + std::chrono::seconds(5)));
    kill();
  }

  // The result of a task, with the control plane running beside it.
  template <typename T>
  T await(runtime::Task<T> task) {
    std::optional<T> result;
    runtime::Scope scope;
    scope.spawn(keep(std::move(task), result));
    EXPECT_TRUE(net::testing::run_all(reactor, scope));
    return std::move(*result);
  }
  void await(runtime::Task<void> task) {
    runtime::Scope scope;
    scope.spawn(std::move(task));
    EXPECT_TRUE(net::testing::run_all(reactor, scope));
  }
  template <typename Condition>
  [[nodiscard]] bool until(Condition condition) {
    return net::testing::run_until(reactor, condition);
  }

  // The client's end of a new connection.
  net::StreamPtr connect_proxy(size_t capacity = 64U << 10U) {
    net::StreamPair pair = net::make_memory_streams(capacity);
    control_plane_->take_proxy(std::move(pair.second));
    return std::move(pair.first);
  }
  net::StreamPtr connect_api() {
    net::StreamPair pair = net::make_memory_streams();
    control_plane_->take_api(std::move(pair.second));
    return std::move(pair.first);
  }

  net::HttpClientResponse call(const std::string& method, const std::string& target, const std::string& body = {},
                               const std::string& token = kToken) {
    net::HttpClientRequest request{.method = method, .target = target, .fields = {}, .body = body};
    if (!token.empty()) request.fields.emplace_back("authorization", "Bearer " + token);
    auto response = await(net::http_fetch(connect_api(), std::move(request), net::testing::soon()));
    EXPECT_TRUE(response) << response.error().message;
    return response ? std::move(*response) : net::HttpClientResponse{};
  }

  [[nodiscard]] WallTime now() const { return WallClock::now() + skew; }

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] Authority& authority() { return *authority_; }
  [[nodiscard]] Catalogue& catalogue() { return *catalogue_; }
  [[nodiscard]] ControlPlane& control_plane() { return *control_plane_; }
  [[nodiscard]] AdsService& ads() { return control_plane_->ads(); }

  runtime::Reactor reactor;
  WallClock::duration skew{};  // of the clock that the control plane sees

 private:
  template <typename T>
  static runtime::Task<void> keep(runtime::Task<T> task, std::optional<T>& into) {
    into.emplace(co_await task);
  }

  TemporaryFolder folder_;
  std::optional<Store> store_;
  std::optional<Authority> authority_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<ControlPlane> control_plane_;
};

}  // namespace ripstop::control
