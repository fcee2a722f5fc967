#include "proxy/admin/admin.h"

#include <array>
#include <utility>

#include "base/log.h"
#include "proxy/admin/pages.h"
#include "runtime/wait.h"

namespace ripstop::proxy::admin {
namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

struct Page {
  std::string_view path;
  bool changes;  // POST only
  std::string_view help;
};

constexpr std::array<Page, 12> kPages = {{
    {"/certs", false, "certificates and trust bundles with their dates"},
    {"/clusters", false, "upstream hosts, their health and load; ?format=json"},
    {"/config_dump", false, "the configuration in force; ?include_eds for endpoints"},
    {"/drain_listeners", true, "stop accepting connections; ?inboundonly"},
    {"/help", false, "this list"},
    {"/listeners", false, "listeners and their addresses; ?format=json"},
    {"/logging", false, "log levels; POST with ?level=LEVEL sets it, with &component=NAME for a part (proxy.xds)"},
    {"/quitquitquit", true, "drain and end"},
    {"/ready", false, "200 LIVE once the proxy serves, else 503"},
    {"/server_info", false, "version, node and state"},
    {"/stats", false, "figures of the proxy itself; ?format=prometheus"},
    {"/stats/prometheus", false, "golden signals for Prometheus"},
}};

const Page* find_page(std::string_view path) {
  for (const Page& page : kPages) {
    if (page.path == path) return &page;
  }
  return nullptr;
}

std::string help() {
  std::string text = "admin pages:\n";
  for (const Page& page : kPages) {
    std::string left = "  " + std::string(page.path) + (page.changes ? " (POST)" : "");
    left.resize(28, ' ');
    text += left + std::string(page.help) + "\n";
  }
  return text;
}

net::HttpReply logging(const net::HttpRequest& request) {
  if (request.method() != "POST") return net::http_text(200, "levels: trace, debug, info, warning, error, off\n");
  log::Level level{};
  const auto name = request.query("level");
  if (name && log::parse_level(*name, level)) {
    const auto component = request.query("component");
    if (component && !component->empty()) {
      log::set_level(*component, level);
    } else {
      log::set_level(level);
    }
    return net::http_text(200, "level: " + std::string(log::to_string(level)) + "\n");
  }
  return net::http_text(400, "give ?level= with trace, debug, info, warning, error or off\n");
}

runtime::Task<net::HttpReply> clusters(const AdminContext& context, bool as_json) {
  std::function<std::vector<ClusterFacts>(Worker&)> look = look_at_clusters;
  const auto facts = co_await context.fleet.gather(std::move(look));
  if (as_json) co_return net::http_json(200, clusters_json(facts));
  co_return net::http_text(200, clusters_text(facts));
}

net::HttpReply prometheus(telemetry::MetricsRegistry& metrics) {
  net::HttpReply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = metrics.prometheus();
  return reply;
}

}  // namespace

Admin::Admin(AdminContext context)
    : context_(std::move(context)), server_([this](const net::HttpRequest& request) { return answer(request); }) {}

Result<std::unique_ptr<Admin>> Admin::make(runtime::FileDescriptor socket, AdminContext context) {
  auto acceptor = runtime::Acceptor::adopt(std::move(socket));
  if (!acceptor) return fail_with(acceptor);
  std::unique_ptr<Admin> made(new Admin(std::move(context)));
  made->scope_.spawn(made->accept_all(std::move(*acceptor)));
  return made;
}

runtime::Task<void> Admin::accept_all(runtime::Acceptor acceptor) {
  for (;;) {
    auto accepted = co_await acceptor.accept();
    if (!accepted) {
      co_await runtime::sleep_for(kAcceptPause);
      continue;
    }
    auto socket = runtime::Socket::adopt(std::move(*accepted));
    if (socket) server_.take(net::make_tcp_stream(std::move(*socket)));
  }
}

// Names from elsewhere stand in these pages, so a browser must not take one for HTML, and what some other page in it
// sends here is not obeyed.
runtime::Task<net::HttpReply> Admin::answer(const net::HttpRequest& request) {
  const bool is_from_browser = request.method() == "POST" && request.header("origin").has_value();
  net::HttpReply reply =
      is_from_browser ? net::http_text(403, "not for pages of other sites\n") : co_await find_page_and_answer(request);
  reply.fields.emplace_back("x-content-type-options", "nosniff");
  reply.fields.emplace_back("cache-control", "no-store");
  co_return reply;
}

runtime::Task<net::HttpReply> Admin::find_page_and_answer(const net::HttpRequest& request) {
  const std::string_view path = request.path() == "/" ? std::string_view("/help") : request.path();
  const Page* page = find_page(path);
  if (page == nullptr) co_return net::http_text(404, "no such page\n" + help());
  if (page->changes && request.method() != "POST") {
    net::HttpReply reply = net::http_text(405, "this changes the proxy: use POST\n");
    reply.fields.emplace_back("allow", "POST");
    co_return reply;
  }
  const bool as_json = request.query("format") == "json";
  if (path == "/ready") co_return net::http_text(context_.is_ready() ? 200 : 503, context_.state() + "\n");
  if (path == "/stats/prometheus" || (path == "/stats" && request.query("format") == "prometheus")) {
    co_return prometheus(context_.metrics);
  }
  if (path == "/stats") co_return net::http_text(200, stats_text(context_));
  if (path == "/config_dump") {
    co_return net::http_json(200, config_dump(context_, request.query("include_eds").has_value()));
  }
  if (path == "/clusters") co_return co_await clusters(context_, as_json);
  if (path == "/listeners") {
    co_return as_json ? net::http_json(200, listeners_json(context_.store))
                      : net::http_text(200, listeners_text(context_.store));
  }
  if (path == "/certs") co_return net::http_json(200, certificates_json(context_.secrets));
  if (path == "/server_info") co_return net::http_json(200, server_info(context_));
  if (path == "/logging") co_return logging(request);
  if (path == "/drain_listeners") {
    context_.drain(request.query("inboundonly").has_value());
    co_return net::http_text(200, "OK\n");
  }
  if (path == "/quitquitquit") {
    context_.quit();
    co_return net::http_text(200, "OK\n");
  }
  co_return net::http_text(200, help());
}

}  // namespace ripstop::proxy::admin
