#include "proxy/config/compile.h"

#include <algorithm>
#include <utility>

#include "policy/connection/peer_name.h"

namespace ripstop::proxy {
namespace {

// A head must fit a block, with room for what is added to it on the way.
constexpr size_t kLargestHead = size_t{192} << 10;

std::unexpected<Error> in(const std::string& resource, Error error) {
  error.message = resource + ": " + error.message;
  return std::unexpected(std::move(error));
}

protocol::PathRules::EscapedSlashes escaped_slashes(model::EscapedSlashes choice) {
  switch (choice) {
    case model::EscapedSlashes::kReject:
      return protocol::PathRules::EscapedSlashes::kReject;
    case model::EscapedSlashes::kUnescapeRedirect:
    case model::EscapedSlashes::kUnescapeForward:
      return protocol::PathRules::EscapedSlashes::kUnescape;
    case model::EscapedSlashes::kKeep:
      break;
  }
  return protocol::PathRules::EscapedSlashes::kKeep;
}

Result<std::shared_ptr<const HttpSettings>> compile_http(std::shared_ptr<const model::HttpConnection> http) {
  auto settings = std::make_shared<HttpSettings>();
  settings->rules.limits.max_head = std::min<size_t>(http->max_request_header_bytes, kLargestHead);
  settings->rules.limits.max_fields = http->max_request_headers;
  settings->rules.path.normalize = http->normalize_path;
  settings->rules.path.merge_slashes = http->merge_slashes;
  settings->rules.path.escaped_slashes = escaped_slashes(http->escaped_slashes);
  if (http->inline_routes) {
    auto routes = compile_routes(*http->inline_routes);
    if (!routes) return fail_with(routes);
    settings->inline_routes = std::move(*routes);
  }
  settings->model = std::move(http);
  return settings;
}

Result<net::VerifyPeer> make_verifier(const std::vector<model::StringMatch>& patterns) {
  auto names = policy::PeerNames::compile(patterns);
  if (!names) return fail_with(names);
  return net::VerifyPeer([names = std::move(*names)](const net::TlsSession& session) {
    std::vector<policy::SubjectName> presented;
    for (const std::string& uri : session.peer_uris) presented.push_back({policy::SubjectName::Type::kUri, uri});
    for (const std::string& dns : session.peer_dns_names) presented.push_back({policy::SubjectName::Type::kDns, dns});
    return names.check(presented);
  });
}

Result<ChainRef> compile_chain(const model::FilterChain& chain, SecretStore& secrets) {
  auto settings = std::make_shared<ChainSettings>();
  settings->model = &chain;
  if (chain.tls) {
    settings->tls = secrets.server_slot(*chain.tls);
    auto verifier = make_verifier(chain.tls->peer_names);
    if (!verifier) return fail_with(verifier);
    settings->verify_peer = std::move(*verifier);
  }
  if (const auto* http = std::get_if<model::HttpConnection>(&chain.filter)) {
    auto compiled = compile_http(std::make_shared<const model::HttpConnection>(*http));
    if (!compiled) return fail_with(compiled);
    settings->http = std::move(*compiled);
  } else {
    auto split = policy::Split::compile(std::get<model::TcpProxy>(chain.filter).clusters);
    if (!split) return fail(split.error().code, "tcp_proxy: " + split.error().message);
    settings->tcp_split = std::move(*split);
  }
  return settings;
}

template <typename Visit>
void for_each_chain(const model::Listener& listener, Visit visit) {
  for (const model::FilterChain& chain : listener.filter_chains) visit(chain);
  if (listener.default_filter_chain) visit(*listener.default_filter_chain);
}

void add_names(const model::TlsSecretNames& secrets, std::vector<std::string>& names) {
  if (!secrets.certificate.empty()) names.push_back(secrets.certificate);
  if (!secrets.trusted_roots.empty()) names.push_back(secrets.trusted_roots);
}

}  // namespace

Result<ListenerRef> compile_listener(model::Listener listener, SecretStore& secrets) {
  auto settings = std::make_shared<ListenerSettings>();
  auto model = std::make_shared<const model::Listener>(std::move(listener));
  settings->model = model;
  const std::string what = "listener " + model->name;
  auto choice = policy::FilterChains::compile(*model);
  if (!choice) return in(what, choice.error());
  settings->choice = std::move(*choice);
  for (const model::FilterChain& chain : model->filter_chains) {
    auto compiled = compile_chain(chain, secrets);
    if (!compiled) return in(what, compiled.error());
    settings->chains.push_back(std::move(*compiled));
  }
  if (model->default_filter_chain) {
    auto compiled = compile_chain(*model->default_filter_chain, secrets);
    if (!compiled) return in(what, compiled.error());
    settings->default_chain = std::move(*compiled);
  }
  return settings;
}

Result<ClusterSettingsRef> compile_cluster(model::Cluster cluster, SecretStore& secrets) {
  auto settings = std::make_shared<ClusterSettings>();
  if (cluster.tls) {
    settings->tls = secrets.client_slot(*cluster.tls);
    auto verifier = make_verifier(cluster.tls->peer_names);
    if (!verifier) return in("cluster " + cluster.name, verifier.error());
    settings->verify_peer = std::move(*verifier);
  }
  settings->breaker = std::make_shared<policy::Breaker>(cluster.breaker);
  settings->model = std::make_shared<const model::Cluster>(std::move(cluster));
  return settings;
}

Result<std::shared_ptr<const policy::CompiledRouteTable>> compile_routes(model::RouteTable table) {
  const std::string what = "route table " + table.name;
  auto compiled = policy::CompiledRouteTable::compile(std::make_shared<const model::RouteTable>(std::move(table)));
  if (!compiled) return in(what, compiled.error());
  return std::move(*compiled);
}

std::vector<std::string> route_table_names(const model::Listener& listener) {
  std::vector<std::string> names;
  for_each_chain(listener, [&names](const model::FilterChain& chain) {
    const auto* http = std::get_if<model::HttpConnection>(&chain.filter);
    if (http != nullptr && !http->inline_routes) names.push_back(http->route_table_name);
  });
  return names;
}

std::vector<std::string> secret_names(const model::Listener& listener) {
  std::vector<std::string> names;
  for_each_chain(listener, [&names](const model::FilterChain& chain) {
    if (chain.tls) add_names(chain.tls->secrets, names);
  });
  return names;
}

std::vector<std::string> secret_names(const model::Cluster& cluster) {
  std::vector<std::string> names;
  if (cluster.tls) add_names(cluster.tls->secrets, names);
  return names;
}

}  // namespace ripstop::proxy
