// The admin pages, on loopback: what the proxy does and holds, and the few things that may be asked of it.
//
// Paths and formats follow Envoy's where there is an equal. Reading is GET; whatever changes something is POST and
// refuses GET with 405. Keys are never shown, and every text that came from outside is escaped. Configuration thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/http/http_server.h"
#include "proxy/config/config_store.h"
#include "proxy/config/secret_store.h"
#include "proxy/health/health_checks.h"
#include "proxy/telemetry/metrics.h"
#include "proxy/worker/fleet.h"
#include "runtime/file_descriptor.h"
#include "runtime/scope.h"
#include "runtime/socket.h"
#include "xds/bootstrap.h"

namespace ripstop::proxy::admin {

// What the pages look at; everything outlives them.
struct AdminContext {
  Fleet& fleet;
  const ConfigStore& store;
  const SecretStore& secrets;
  telemetry::MetricsRegistry& metrics;
  const xds::Bootstrap::Node* node = nullptr;
  std::function<bool()> is_ready;
  std::function<std::string()> state;  // "LIVE", "INITIALIZING", "DRAINING"
  std::function<void(bool inbound_only)> drain;
  std::function<void()> quit;
  std::function<std::map<std::string_view, HealthChecks::Figures>()> health_figures;  // may be empty
};

class Admin {
 public:
  // `socket` listens already.
  static Result<std::unique_ptr<Admin>> make(runtime::FileDescriptor socket, AdminContext context);

  [[nodiscard]] runtime::Task<net::HttpReply> answer(const net::HttpRequest& request);

 private:
  explicit Admin(AdminContext context);
  [[nodiscard]] runtime::Task<net::HttpReply> find_page_and_answer(const net::HttpRequest& request);
  runtime::Task<void> accept_all(runtime::Acceptor acceptor);

  AdminContext context_;
  net::HttpServer server_;
  runtime::Scope scope_;
};

}  // namespace ripstop::proxy::admin
