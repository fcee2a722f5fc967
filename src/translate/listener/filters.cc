#include "translate/listener/filters.h"

namespace ripstop::translate {

std::vector<model::AccessLog> access_logs(const model::MeshSettings& settings) {
  if (!settings.access_log) return {};
  model::AccessLog log;
  log.is_json = settings.access_log_json;
  return {log};
}

model::TcpProxy tcp_proxy(std::string cluster, const std::vector<model::AccessLog>& logs) {
  model::TcpProxy proxy;
  proxy.stat_prefix = cluster;
  proxy.clusters.push_back({.cluster = std::move(cluster)});
  proxy.access_logs = logs;
  return proxy;
}

model::HttpConnection http_connection(std::string stat_prefix, const std::vector<model::AccessLog>& logs) {
  model::HttpConnection http;
  http.stat_prefix = std::move(stat_prefix);
  http.stream_idle_timeout.reset();
  http.upgrades = {"websocket"};
  http.access_logs = logs;
  return http;
}

std::vector<std::string> inspected_http() {
  return {"http/1.1", "h2c"};
}

void inspect(model::Listener& listener, bool tls, bool http, bool client_opens) {
  listener.inspect_tls = tls;
  listener.inspect_http = http;
  if (client_opens || (!tls && !http)) return;
  listener.inspect_timeout = kServerFirstWait;
  listener.continue_on_inspect_timeout = true;
}

}  // namespace ripstop::translate
