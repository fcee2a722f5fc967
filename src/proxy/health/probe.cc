#include "proxy/health/probe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "net/grpc/grpc_channel.h"
#include "net/http/http_client.h"
#include "net/http2/http2_connection.h"

namespace ripstop::proxy {
namespace {

using policy::HealthProbe;
using Speaks = UpstreamCluster::Speaks;
namespace health = grpc::health::v1;

constexpr std::string_view kUserAgent = "ripstop-health-check";
constexpr std::string_view kCheckMethod = "/grpc.health.v1.Health/Check";
constexpr size_t kMostReceived = size_t{64} << 10;
constexpr size_t kMostOfReply = 4096;

bool is_expected(const model::HttpHealthCheck& check, int status) {
  if (check.expected.empty()) return status == 200;
  return std::ranges::any_of(check.expected, [status](const model::HttpHealthCheck::StatusRange& range) {
    return status >= range.first && status < range.end;
  });
}

// Every pattern after the one before it.
bool contains_all(std::string_view received, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const size_t at = received.find(pattern);
    if (at == std::string_view::npos) return false;
    received.remove_prefix(at + pattern.size());
  }
  return true;
}

runtime::Task<HealthProbe> ask(net::StreamPtr stream, const model::TcpHealthCheck& check, TimePoint deadline) {
  if (!check.send.empty() && !co_await net::write_all(*stream, check.send, deadline)) {
    co_return HealthProbe::kUnreachable;
  }
  std::string received;
  std::array<char, 4096> chunk;
  while (!contains_all(received, check.receive)) {
    if (received.size() >= kMostReceived) co_return HealthProbe::kRefused;
    const auto got = co_await net::read_some(*stream, chunk, deadline);
    if (!got) co_return HealthProbe::kUnreachable;
    if (*got == 0) co_return HealthProbe::kRefused;
    received.append(chunk.data(), *got);
  }
  co_return HealthProbe::kPassed;
}

runtime::Task<Result<int>> ask_http1(net::StreamPtr stream, std::string path, std::string host, TimePoint deadline) {
  net::HttpClientRequest request{.target = std::move(path), .authority = std::move(host)};
  request.fields.emplace_back("user-agent", kUserAgent);
  auto reader = co_await net::http_open(std::move(stream), std::move(request), deadline);
  if (!reader) co_return fail_with(reader);
  co_return (*reader)->response().status;
}

runtime::Task<Result<int>> ask_http2(net::StreamPtr stream, std::string path, std::string host, std::string scheme,
                                     TimePoint deadline) {
  const auto connection = net::Http2Connection::client(std::move(stream));
  auto opened = connection->open(
      {{":method", "GET"}, {":scheme", scheme}, {":authority", host}, {":path", path}, {"user-agent", kUserAgent}},
      true);
  if (!opened) co_return fail_with(opened);
  do {
    if (Status head = co_await (*opened)->read_head(deadline); !head) co_return fail_with(head);
  } while ((*opened)->is_interim());
  co_return (*opened)->status();
}

runtime::Task<HealthProbe> ask(net::StreamPtr stream, const model::HttpHealthCheck& check, std::string host,
                               TimePoint deadline) {
  const char* scheme = stream->tls() != nullptr ? "https" : "http";
  const auto status = check.is_http2
                          ? co_await ask_http2(std::move(stream), check.path, std::move(host), scheme, deadline)
                          : co_await ask_http1(std::move(stream), check.path, std::move(host), deadline);
  if (!status) co_return HealthProbe::kUnreachable;
  co_return is_expected(check, *status) ? HealthProbe::kPassed : HealthProbe::kRefused;
}

bool is_about_the_way(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kReset ||
         code == ErrorCode::kClosed || code == ErrorCode::kTls;
}

runtime::Task<HealthProbe> ask(std::shared_ptr<UpstreamCluster> cluster, policy::HostRef host,
                               const model::GrpcHealthCheck& check, TimePoint deadline) {
  net::GrpcChannelOptions options;
  options.authority = check.authority.empty() ? cluster->model().name : check.authority;
  options.scheme = cluster->model().tls ? "https" : "http";
  options.max_message = kMostOfReply;
  net::GrpcChannel channel([cluster, host](TimePoint until) { return cluster->open(host, Speaks::kHttp2, until); },
                           std::move(options));
  health::HealthCheckRequest request;
  request.set_service(check.service);
  const auto reply = co_await channel.unary(std::string(kCheckMethod), request.SerializeAsString(), {}, deadline);
  if (!reply) co_return is_about_the_way(reply.error().code) ? HealthProbe::kUnreachable : HealthProbe::kRefused;
  health::HealthCheckResponse response;
  const bool serves = response.ParseFromString(*reply) && response.status() == health::HealthCheckResponse::SERVING;
  co_return serves ? HealthProbe::kPassed : HealthProbe::kRefused;
}

}  // namespace

runtime::Task<HealthProbe> probe(std::shared_ptr<UpstreamCluster> cluster, policy::HostRef host, TimePoint deadline) {
  const ClusterSettingsRef settings = cluster->shared_settings();
  const auto& what = settings->model->health_check->probe;
  if (const auto* grpc = std::get_if<model::GrpcHealthCheck>(&what)) {
    co_return co_await ask(cluster, std::move(host), *grpc, deadline);
  }
  const auto* http = std::get_if<model::HttpHealthCheck>(&what);
  const Speaks speaks = http == nullptr ? Speaks::kOpaque : http->is_http2 ? Speaks::kHttp2 : Speaks::kHttp1;
  auto stream = co_await cluster->open(std::move(host), speaks, deadline);
  if (!stream) co_return HealthProbe::kUnreachable;
  if (http == nullptr) co_return co_await ask(std::move(*stream), std::get<model::TcpHealthCheck>(what), deadline);
  std::string authority = http->host.empty() ? settings->model->name : http->host;
  co_return co_await ask(std::move(*stream), *http, std::move(authority), deadline);
}

}  // namespace ripstop::proxy
