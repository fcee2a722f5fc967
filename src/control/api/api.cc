#include "control/api/api.h"

#include <openssl/mem.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "control/api/calls.h"
#include "control/api/write_json.h"

namespace ripstop::control {
namespace {

struct Entry {
  ApiRoute route;
  ApiFunction run;
};

constexpr std::array kEntries = {
    Entry{{"GET", "/v1/health"}, get_health},
    Entry{{"POST", "/v1/apply"}, apply_documents},
    Entry{{"GET", "/v1/resources"}, list_resources},
    Entry{{"GET", "/v1/resources/{kind}/{namespace}/{name}"}, get_resource},
    Entry{{"DELETE", "/v1/resources/{kind}/{namespace}/{name}"}, delete_resource},
    Entry{{"GET", "/v1/workloads"}, list_workloads},
    Entry{{"POST", "/v1/workloads"}, register_workload},
    Entry{{"DELETE", "/v1/workloads/{id}"}, deregister_workload},
    Entry{{"GET", "/v1/services"}, get_services},
    Entry{{"GET", "/v1/proxies"}, get_proxies},
    Entry{{"GET", "/v1/diagnostics"}, get_diagnostics},
    Entry{{"GET", "/v1/watch"}, watch_changes},
    Entry{{"GET", "/v1/root"}, get_root},
    Entry{{"GET", "/v1/root/rotation"}, get_rotation},
    Entry{{"POST", "/v1/root/rotate"}, rotate_root},
};

constexpr std::string_view kBearer = "bearer ";

// RFC 9110 section 15; what is nobody's fault is the server's.
int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kParse:
      return 400;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
      return 409;
    case ErrorCode::kClosed:
      return 410;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnsupported:
      return 422;
    case ErrorCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

net::HttpReply reply_error(int status, std::string_view code, std::string_view message) {
  return net::http_json(status, error_json(code, message));
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const auto byte = i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte) return std::nullopt;
    decoded.push_back(static_cast<char>(*byte));
    i += 2;
  }
  return decoded;
}

// The segments that stand for the pattern's "{...}"; nullopt when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  const std::vector<std::string_view> wanted = split(pattern, '/');
  const std::vector<std::string_view> given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> parts;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    auto decoded = percent_decoded(given[i]);
    if (!decoded || decoded->empty()) return std::nullopt;
    parts.push_back(std::move(*decoded));
  }
  return parts;
}

bool is_authorized(const net::HttpRequest& request, std::string_view token) {
  const auto given = request.header("authorization");
  if (!given || to_lower(given->substr(0, kBearer.size())) != kBearer) return false;
  const std::string_view shown = trim(given->substr(kBearer.size()));
  return shown.size() == token.size() && CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

net::HttpReply refuse_path(const net::HttpRequest& request) {
  const std::string path(request.path());
  std::string allowed;
  for (const Entry& entry : kEntries) {
    if (!match(entry.route.path, path)) continue;
    allowed.append(allowed.empty() ? "" : ", ").append(entry.route.method);
  }
  if (allowed.empty()) return reply_error(404, "not_found", "there is no " + path + "; see api/openapi.yaml");
  net::HttpReply reply = reply_error(405, "method_not_allowed",
                                     path + " does not take " + std::string(request.method()) + ", only " + allowed);
  reply.fields.emplace_back("allow", allowed);
  return reply;
}

net::HttpReply run(ApiContext& context, const net::HttpRequest& request) {
  for (const Entry& entry : kEntries) {
    if (entry.route.method != request.method()) continue;
    auto parts = match(entry.route.path, request.path());
    if (!parts) continue;
    ApiReply reply = entry.run(context, {.request = request, .parts = std::move(*parts)});
    if (reply) return std::move(*reply);
    return reply_error(status_of(reply.error().code), to_string(reply.error().code), reply.error().message);
  }
  return refuse_path(request);
}

}  // namespace

net::HttpServerOptions api_server_options() {
  net::HttpServerOptions options;
  options.max_body = 8U << 20U;
  return options;
}

std::span<const ApiRoute> api_routes() {
  static constexpr auto kRoutes = [] {
    std::array<ApiRoute, kEntries.size()> routes;
    std::ranges::transform(kEntries, routes.begin(), &Entry::route);
    return routes;
  }();
  return kRoutes;
}

runtime::Task<net::HttpReply> Api::answer(const net::HttpRequest& request) {
  if (!is_authorized(request, context_.token)) {
    net::HttpReply reply =
        reply_error(401, "unauthenticated",
                    "send \"authorization: Bearer ...\" with the token in the file that control.json names");
    reply.fields.emplace_back("www-authenticate", "Bearer");
    co_return reply;
  }
  const uint64_t before = context_.store.revision();
  net::HttpReply reply = run(context_, request);
  if (context_.store.revision() != before) context_.ads.on_change();
  co_return reply;
}

}  // namespace ripstop::control
