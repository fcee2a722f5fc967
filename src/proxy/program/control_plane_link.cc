#include "proxy/program/control_plane_link.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "model/identity.h"
#include "runtime/file.h"
#include "runtime/reactor.h"

namespace ripstop::proxy {
namespace {

constexpr size_t kLongestToken = 4096;

std::string trust_domain_of(const std::string& spiffe_id) {
  const auto identity = model::Identity::parse(spiffe_id);
  return identity ? identity->trust_domain : std::string("cluster.local");
}

runtime::Task<Result<net::StreamPtr>> connect_plain(SocketAddress address, TimePoint deadline) {
  auto socket = co_await runtime::connect({address, {}}, deadline);
  if (!socket) co_return fail_with(socket);
  co_return net::make_tcp_stream(std::move(*socket));
}

runtime::Task<Result<net::StreamPtr>> connect_secured(SocketAddress address, std::shared_ptr<TlsSlot> slot,
                                                      std::string sni, TimePoint deadline) {
  auto context = slot->get();
  if (!context) co_return fail(ErrorCode::kTls, "the secrets of the control plane's cluster are not there yet");
  auto plain = co_await connect_plain(address, deadline);
  if (!plain) co_return fail_with(plain);
  co_return co_await net::connect_tls(std::move(*plain), std::move(context), {.sni = std::move(sni)}, deadline);
}

bool has_endpoint(const model::Cluster& cluster) {
  return cluster.assignment && !cluster.assignment->localities.empty() &&
         !cluster.assignment->localities.front().endpoints.empty();
}

}  // namespace

Status ControlPlaneLink::ask_for_identity() {
  if (!joins_mesh()) return {};
  const Options& options = context_.options;
  auto roots = runtime::read_file(options.authority_roots);
  if (!roots) return fail_with(roots);
  auto token = runtime::read_file(options.join_token_file, kLongestToken);
  if (!token) return fail_with(token);
  model::Secret bundle;
  bundle.name = kRootsSecret;
  bundle.trusted_roots_pem = std::move(*roots);
  if (Status set = context_.secrets.set(bundle); !set) return set;
  const std::string authority_id =
      model::Identity{trust_domain_of(options.spiffe_id), "ripstop-system", "ripstop-control"}.to_string();
  verify_control_plane_ = expect_spiffe_id(authority_id);
  identity_ = std::make_unique<IdentityAgent>(
      IdentityAgent::Options{options.authority, options.spiffe_id, std::string(trim(split(*token, '\n').front())),
                             authority_id},
      context_.secrets, context_.random);
  scope_.spawn(identity_->run());
  return {};
}

net::GrpcChannel::Connector ControlPlaneLink::connector(const model::Cluster& cluster) {
  const SocketAddress address = cluster.assignment->localities.at(0).endpoints.at(0).address;
  if (joins_mesh()) {
    return [this, address](TimePoint deadline) {
      return connect_to_control_plane(context_.secrets, address, verify_control_plane_, deadline);
    };
  }
  if (!cluster.tls) return [address](TimePoint deadline) { return connect_plain(address, deadline); };
  return [address, slot = context_.secrets.client_slot(*cluster.tls), sni = cluster.tls->sni](TimePoint deadline) {
    return connect_secured(address, slot, sni, deadline);
  };
}

Status ControlPlaneLink::prepare_stream() {
  const xds::Bootstrap& bootstrap = context_.bootstrap;
  if (!bootstrap.ads) return {};
  const auto cluster = std::ranges::find(bootstrap.clusters, bootstrap.ads->cluster, &model::Cluster::name);
  if (cluster == bootstrap.clusters.end() || !has_endpoint(*cluster)) {
    return fail(ErrorCode::kInvalidArgument, "dynamic_resources.ads_config names the cluster \"" +
                                                 bootstrap.ads->cluster +
                                                 "\", which static_resources does not have with an endpoint");
  }
  ConfigStream::Options options;
  options.client.node = bootstrap.node.message;
  options.client.connector = connector(*cluster);
  options.client.channel.authority = bootstrap.ads->cluster;
  options.client.channel.scheme = joins_mesh() || cluster->tls ? "https" : "http";
  options.client.back_off = ConfigStream::back_off();
  options.wants_names = !context_.options.dns_fds.empty();
  if (joins_mesh()) options.local_secrets = {std::string(kIdentitySecret)};
  stream_ = std::make_unique<ConfigStream>(std::move(options), context_.store, context_.random);
  return {};
}

// Certificate first, for without one the stream is refused.
runtime::Task<bool> ControlPlaneLink::follow() {
  if (identity_) co_await identity_->has_identity().wait();
  if (!stream_) co_return false;
  stream_scope_.spawn(stream_->run());
  // Without a connection there is nothing to give up on: the proxy waits for its first configuration.
  TimePoint deadline = kNever;
  while (!context_.store.is_complete()) {
    context_.changed.clear();
    if (deadline == kNever && stream_->is_connected()) {
      deadline = runtime::Reactor::current().now() + kFetchTimeout;
    }
    if (co_await context_.changed.wait(deadline)) continue;
    context_.store.give_up_waiting();
    stream_->follow_references();
    break;
  }
  co_return true;
}

}  // namespace ripstop::proxy
