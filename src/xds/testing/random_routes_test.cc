// Routes, listeners and names of RandomModels.
#include <algorithm>

#include "xds/testing/random_models.h"

namespace ripstop::xds::testing {

using model::MatchKind;

model::HeaderEdits RandomModels::header_edits() {
  model::HeaderEdits edits;
  if (coin()) return edits;
  edits.remove = words(2);
  for (uint32_t i = number(0, 2); i > 0; --i) edits.set.push_back({"x-set-" + word(), coin() ? word() : ""});
  for (uint32_t i = number(0, 2); i > 0; --i) edits.add.push_back({"x-add-" + word(), coin() ? word() : ""});
  return edits;
}

model::RouteMatch RandomModels::route_match() {
  model::RouteMatch match;
  const MatchKind kind = one_of({MatchKind::kExact, MatchKind::kPrefix, MatchKind::kSegmentPrefix, MatchKind::kRegex});
  match.path = {.kind = kind, .text = "/" + word(), .ignore_case = kind != MatchKind::kRegex && coin()};
  if (coin()) match.method = string_match();
  if (coin()) match.authority = string_match();
  if (coin()) match.scheme = model::StringMatch{.kind = MatchKind::kPresent};
  for (uint32_t i = number(0, 3); i > 0; --i) {
    model::HeaderMatch header{.name = word(), .value = string_match(), .invert = coin(), .missing_is_empty = coin()};
    if (coin()) header.value = {.kind = MatchKind::kPresent};
    match.headers.push_back(std::move(header));
  }
  for (uint32_t i = number(0, 2); i > 0; --i) {
    match.query.push_back({.name = word(), .value = coin() ? string_match() : model::StringMatch{MatchKind::kPresent}});
  }
  match.is_grpc_only = coin();
  return match;
}

model::RetryPolicy RandomModels::retry() {
  model::RetryPolicy policy;
  policy.retries = number(0, 9);
  policy.on = static_cast<model::RetryOn>(random_.below(1U << 15));
  for (uint32_t i = number(0, 3); i > 0; --i) policy.status_codes.push_back(static_cast<uint16_t>(number(100, 599)));
  if (coin()) policy.per_try_timeout = duration();
  policy.base_interval = duration();
  policy.max_interval = policy.base_interval + duration();
  policy.avoid_previous_hosts = coin();
  policy.host_selection_attempts = number(1, 10);
  return policy;
}

std::vector<model::WeightedCluster> RandomModels::weighted_clusters(bool with_edits) {
  std::vector<model::WeightedCluster> clusters;
  for (uint32_t i = number(1, 3); i > 0; --i) {
    model::WeightedCluster cluster;
    cluster.cluster = word();
    cluster.weight = number(1, 100);
    if (with_edits && coin()) {
      cluster.request_headers = header_edits();
      cluster.response_headers = header_edits();
      cluster.host_rewrite = coin() ? word() : "";
    }
    clusters.push_back(std::move(cluster));
  }
  return clusters;
}

model::Forward RandomModels::forward() {
  model::Forward result;
  result.clusters = weighted_clusters(true);
  if (coin()) {
    result.prefix_rewrite = "/" + word();
  } else if (coin()) {
    result.regex_rewrite = model::RegexRewrite{.pattern = word(), .substitution = "\\1" + word()};
  }
  if (coin()) result.host_rewrite = word();
  if (coin()) result.timeout = duration();
  if (coin()) result.grpc_timeout_max = coin() ? duration() : Duration::zero();
  if (coin()) result.idle_timeout = coin() ? duration() : Duration::zero();
  if (coin()) result.retry = retry();
  for (uint32_t i = number(0, 2); i > 0; --i) {
    result.mirrors.push_back({.cluster = word(), .per_million = coin() ? 1'000'000 : number(0, 999'999)});
  }
  if (coin()) result.upgrades = {"websocket"};
  return result;
}

model::Redirect RandomModels::redirect() {
  model::Redirect result;
  result.status = one_of<uint16_t>({301, 302, 303, 307, 308});
  if (coin()) result.scheme = one_of({"http", "https"});
  if (coin()) result.host = word();
  if (coin()) result.port = static_cast<uint16_t>(number(1, 65535));
  if (coin()) {
    result.path = "/" + word();
  } else if (coin()) {
    result.prefix_rewrite = "/" + word();
  }
  result.strip_query = coin();
  return result;
}

model::RouteAction RandomModels::action() {
  switch (random_.below(6)) {
    case 0:
      return redirect();
    case 1:
      return model::DirectResponse{.status = static_cast<uint16_t>(number(200, 599)),
                                   .body = coin() ? std::string("\xff\x00 bytes", 8) : ""};
    case 2:
      return model::NonForwarding{};
    default:
      return forward();
  }
}

model::Route RandomModels::route() {
  model::Route result;
  result.name = coin() ? word() : "";
  result.match = route_match();
  result.action = action();
  result.request_headers = header_edits();
  result.response_headers = header_edits();
  if (coin()) {
    model::Fault fault;
    if (coin()) {
      fault.delay = duration();
      fault.delay_per_million = number(0, 1'000'000);
    }
    if (coin()) {
      fault.abort_status = static_cast<uint16_t>(number(200, 599));
      fault.abort_per_million = number(0, 1'000'000);
    }
    result.fault = fault;
  }
  if (coin()) result.operation = word();
  result.origin = origin();
  return result;
}

model::RouteTable RandomModels::route_table() {
  model::RouteTable table;
  table.name = word();
  for (uint32_t i = number(0, 3); i > 0; --i) {
    model::VirtualHost host;
    host.name = word();
    host.domains = {word() + std::to_string(i) + ".example", "*." + word() + std::to_string(i)};
    for (uint32_t k = number(0, 3); k > 0; --k) host.routes.push_back(route());
    if (coin()) host.retry = retry();
    host.request_headers = header_edits();
    host.response_headers = header_edits();
    host.include_attempt_count = coin();
    table.virtual_hosts.push_back(std::move(host));
  }
  table.request_headers = header_edits();
  table.response_headers = header_edits();
  table.validate_clusters = coin();
  table.ignore_port_in_host = coin();
  if (coin()) table.max_direct_response_bytes = number(0, 100'000);
  return table;
}

std::vector<model::AccessLog> RandomModels::access_logs() {
  std::vector<model::AccessLog> logs;
  for (uint32_t i = number(0, 2); i > 0; --i) {
    model::AccessLog log{.path = coin() ? "/dev/stdout" : "/tmp/" + word(), .is_json = coin(), .format = {}};
    if (coin()) log.format = log.is_json ? R"({"a":"%START_TIME%","b":{"c":1},"d":[true,"x"]})" : "%PROTOCOL%\n";
    logs.push_back(std::move(log));
  }
  return logs;
}

model::HttpConnection RandomModels::http_connection() {
  model::HttpConnection http;
  http.stat_prefix = word();
  http.codec = static_cast<model::HttpCodec>(random_.below(3));
  if (coin()) {
    http.inline_routes = route_table();
  } else {
    http.route_table_name = word();
  }
  http.access_logs = access_logs();
  if (coin()) http.idle_timeout = coin() ? std::optional(duration()) : std::nullopt;
  if (coin()) http.stream_idle_timeout = coin() ? std::optional(duration()) : std::nullopt;
  if (coin()) http.request_timeout = duration();
  if (coin()) http.request_headers_timeout = coin() ? duration() : Duration::zero();
  http.drain_timeout = duration();
  if (coin()) http.server_name = coin() ? word() : "";
  http.generate_request_id = coin();
  http.use_remote_address = coin();
  http.normalize_path = coin();
  http.merge_slashes = coin();
  http.escaped_slashes = static_cast<model::EscapedSlashes>(random_.below(4));
  http.client_cert = static_cast<model::ClientCertForwarding>(random_.below(5));
  if (coin()) http.upgrades = {"websocket"};
  http.grpc_web = coin();
  http.max_request_header_bytes = number(1, 8192) * 1024;
  http.max_request_headers = number(1, 1000);
  return http;
}

model::TcpProxy RandomModels::tcp_proxy() {
  model::TcpProxy tcp;
  tcp.stat_prefix = word();
  tcp.clusters = weighted_clusters(false);
  if (coin()) tcp.idle_timeout = coin() ? std::optional(duration()) : std::nullopt;
  tcp.access_logs = access_logs();
  return tcp;
}

model::FilterChain RandomModels::filter_chain() {
  model::FilterChain chain;
  chain.name = coin() ? word() : "";
  if (coin()) {
    if (coin()) chain.match.destination_port = static_cast<uint16_t>(number(1, 65535));
    if (coin()) chain.match.destination_ranges = {*CidrBlock::parse("10.0.0.0/8"), *CidrBlock::parse("fd00::/8")};
    chain.match.server_names = words(2);
    chain.match.transport_protocol = one_of({"", "tls", "raw_buffer"});
    chain.match.application_protocols = words(2);
  }
  if (coin()) chain.tls = downstream_tls();
  if (coin()) {
    chain.filter = http_connection();
  } else {
    chain.filter = tcp_proxy();
  }
  return chain;
}

model::Listener RandomModels::listener() {
  model::Listener result;
  result.name = word();
  result.address = address();
  if (coin()) result.more_addresses = {address()};
  result.bind_to_port = coin();
  result.use_original_dst = coin();
  result.direction = static_cast<model::Direction>(random_.below(3));
  result.inspect_tls = coin();
  result.inspect_http = coin();
  result.read_original_dst = coin();
  result.read_proxy_protocol = coin();
  result.inspect_timeout = coin() ? duration() : Duration::zero();
  result.continue_on_inspect_timeout = coin();
  for (uint32_t i = number(1, 3); i > 0; --i) result.filter_chains.push_back(filter_chain());
  if (coin()) result.default_filter_chain = filter_chain();
  return result;
}

model::NameTable RandomModels::name_table() {
  model::NameTable table;
  for (uint32_t i = number(0, 5); i > 0; --i) {
    model::NameTable::Entry entry;
    entry.host = "h" + std::to_string(i) + ".example";
    for (uint32_t k = number(0, 3); k > 0; --k) entry.addresses.push_back(address().ip);
    entry.alt_hosts = words(2);
    table.entries.push_back(std::move(entry));
  }
  std::ranges::sort(table.entries, {}, &model::NameTable::Entry::host);
  return table;
}

}  // namespace ripstop::xds::testing
