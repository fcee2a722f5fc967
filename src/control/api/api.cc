#include "control/api/api.h"

#include <openssl/mem.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/api/json.h"
#include "control/identity/join_token.h"

namespace ripstop::control {
namespace {

// A sidecar that is started again joins with the token of its workload.
constexpr std::chrono::seconds kTokenLifetime = std::chrono::hours(24 * 30);
constexpr uint32_t kTokenUses = 10'000;

using Segments = std::vector<std::string_view>;

int http_status(ErrorCode code) {
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
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnsupported:
      return 422;
    default:
      return 500;
  }
}

net::HttpReply reply_error(const Error& error) {
  return net::http_json(http_status(error.code), error_json(to_string(error.code), error.message));
}

net::HttpReply reply_error(int status, std::string_view code, std::string_view message) {
  return net::http_json(status, error_json(code, message));
}

bool equals_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

// One function per route; `parts` are the segments that stand for "{}".
struct ApiHandlers {
  using Handler = net::HttpReply (*)(Api& api, const net::HttpRequest& request, const Segments& parts);
  struct Route {
    ApiRoute route;
    Handler handle;
  };
  static const std::array<Route, 17> kRoutes;

  static net::HttpReply health(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, health_json(api.context_.store.revision()));
  }

  static net::HttpReply apply(Api& api, const net::HttpRequest& request, const Segments&) {
    auto wanted = parse_apply(request.body);
    if (!wanted) return reply_error(wanted.error());
    auto before = api.context_.store.list();
    if (!before) return reply_error(before.error());
    const auto mode = wanted->is_dry_run ? ApplyMode::kDryRun : ApplyMode::kCommit;
    auto verdict = api.context_.catalogue.apply(wanted->sources, mode, WallClock::now());
    if (!verdict) return reply_error(verdict.error());
    auto after = api.context_.store.list();
    if (!after) return reply_error(after.error());
    const auto find = [](const ResourceList& list, const ResourceKey& key) {
      return std::ranges::find(list.resources, key, &Resource::key);
    };
    std::vector<ApplyOutcome> outcomes;
    for (const ResourceKey& key : verdict->resources) {
      const auto old = find(*before, key);
      const auto now = find(*after, key);
      std::string outcome = "refused";
      if (verdict->is_accepted && old == before->resources.end()) {
        outcome = "created";
      } else if (verdict->is_accepted) {
        const bool is_same = now != after->resources.end() && now->revision == old->revision && !wanted->is_dry_run;
        outcome = is_same ? "unchanged" : "configured";
      }
      outcomes.push_back({key, std::move(outcome)});
    }
    return net::http_json(200, apply_json(verdict->revision, outcomes, verdict->findings));
  }

  static net::HttpReply list(Api& api, const net::HttpRequest& request, const Segments&) {
    ResourceFilter filter;
    filter.kind = request.query("kind").value_or("");
    filter.ns = request.query("namespace").value_or("");
    auto resources = api.context_.store.list(filter);
    if (!resources) return reply_error(resources.error());
    return net::http_json(200, resources_json(resources->resources));
  }

  // By kind, namespace and name; the group follows from the kind.
  static Result<Resource> find(Api& api, const Segments& parts) {
    ResourceFilter filter;
    filter.kind = std::string(parts[0]);
    filter.ns = std::string(parts[1]);
    auto resources = api.context_.store.list(filter);
    if (!resources) return fail_with(resources);
    for (Resource& resource : resources->resources) {
      if (resource.key.name == parts[2]) return std::move(resource);
    }
    return fail(ErrorCode::kNotFound, "there is no " + filter.kind + " " + filter.ns + "/" + std::string(parts[2]));
  }

  static net::HttpReply get(Api& api, const net::HttpRequest&, const Segments& parts) {
    auto resource = find(api, parts);
    if (!resource) return reply_error(resource.error());
    return net::http_json(200, resource_json(*resource));
  }

  static net::HttpReply remove(Api& api, const net::HttpRequest&, const Segments& parts) {
    auto resource = find(api, parts);
    if (!resource) return reply_error(resource.error());
    auto verdict = api.context_.catalogue.remove({&resource->key, 1}, WallClock::now());
    if (!verdict) return reply_error(verdict.error());
    if (!verdict->is_accepted) return net::http_json(409, findings_json(verdict->findings));
    return net::http_json(200, apply_json(verdict->revision, {}, verdict->findings));
  }

  static std::string free_id(const Workloads& workloads, const std::string& name, const std::string& ns) {
    for (uint32_t number = 1;; ++number) {
      const std::string id = name + "-" + std::to_string(number);
      const auto found = workloads.find(id);
      const bool is_taken = found != workloads.end() || workloads.contains(ns + "." + id);
      if (!is_taken) return id;
    }
  }

  static model::Workload workload_of(const Api& api, const Registration& wanted) {
    model::Workload workload;
    const auto version = wanted.labels.find("version");
    workload.name = wanted.service + (version == wanted.labels.end() ? "" : "-" + version->second);
    workload.id = free_id(api.context_.catalogue.workloads(), workload.name, wanted.ns);
    workload.identity = {api.context_.authority.trust_domain(), wanted.ns, wanted.service_account};
    workload.labels = wanted.labels;
    workload.labels.emplace("app", wanted.service);
    workload.labels[std::string(kServiceLabel)] = wanted.service;
    workload.labels[std::string(kAdminLabel)] = wanted.admin_address;
    workload.labels[std::string(kProcessLabel)] = std::to_string(wanted.pid);
    workload.address = "127.0.0.1";
    for (const Registration::Port& port : wanted.ports) {
      workload.inbound[port.port] = port.address;
      if (!port.name.empty()) workload.port_names[port.name] = port.port;
    }
    workload.has_proxy = true;
    workload.is_ready = false;
    return workload;
  }

  static net::HttpReply add_workload(Api& api, const net::HttpRequest& request, const Segments&) {
    const auto wanted = parse_registration(request.body);
    if (!wanted) return reply_error(wanted.error());
    const model::Workload workload = workload_of(api, *wanted);
    const WallTime now = WallClock::now();
    if (Status put = api.context_.catalogue.put_workload(workload, now); !put) return reply_error(put.error());
    auto token = issue_token(api.context_.store.tokens(), workload.identity, kTokenLifetime, kTokenUses, now);
    if (!token) return reply_error(token.error());
    log::info("control.api", "registered " + workload.id + " as " + workload.identity.to_string());
    return net::http_json(201, to_json(RegisteredText{workload.id, workload.name, workload.identity.to_string(),
                                                      token->text, api.context_.xds_address,
                                                      api.context_.authority.bundle().pem(), api.context_.cluster_id,
                                                      api.context_.mesh_id, api.context_.authority.trust_domain()}));
  }

  static net::HttpReply remove_workload(Api& api, const net::HttpRequest&, const Segments& parts) {
    const std::string id(parts[0]);
    if (!api.context_.catalogue.workloads().contains(id)) {
      return reply_error(404, "not_found", "there is no workload " + id);
    }
    if (Status removed = api.context_.catalogue.remove_workload(id, WallClock::now()); !removed) {
      return reply_error(removed.error());
    }
    log::info("control.api", "deregistered " + id);
    return net::http_json(200, health_json(api.context_.store.revision()));
  }

  static net::HttpReply workloads(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, workloads_json(api.context_.catalogue.workloads()));
  }

  static net::HttpReply services(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, services_json(*api.context_.catalogue.snapshot()));
  }

  static net::HttpReply proxies(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, proxies_json(api.context_.ads.status(), api.context_.store.revision()));
  }

  static net::HttpReply diagnostics(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, findings_json(api.context_.catalogue.diagnostics()));
  }

  static net::HttpReply root(Api& api, const net::HttpRequest&, const Segments&) {
    net::HttpReply reply;
    reply.content_type = "application/x-pem-file";
    reply.body = api.context_.authority.bundle().pem();
    return reply;
  }

  static net::HttpReply rotation(Api& api, const net::HttpRequest&, const Segments&) {
    return net::http_json(200, rotation_json(api.context_.authority.phase()));
  }

  static net::HttpReply begin_rotation(Api& api, const net::HttpRequest&, const Segments&) {
    return after_rotation(api, api.context_.authority.begin_rotation(WallClock::now()));
  }

  static net::HttpReply advance_rotation(Api& api, const net::HttpRequest& request, const Segments&) {
    const bool is_forced = request.query("force").has_value();
    return after_rotation(api, api.context_.authority.advance_rotation(WallClock::now(), is_forced));
  }

  static net::HttpReply cancel_rotation(Api& api, const net::HttpRequest&, const Segments&) {
    return after_rotation(api, api.context_.authority.cancel_rotation(WallClock::now()));
  }

  static net::HttpReply after_rotation(Api& api, const Status& done) {
    if (!done) return reply_error(done.error());
    api.context_.ads.on_change();
    return net::http_json(200, rotation_json(api.context_.authority.phase()));
  }

  static net::HttpReply watch(Api& api, const net::HttpRequest& request, const Segments&) {
    const auto since = parse_number<uint64_t>(request.query("since").value_or("0"));
    if (!since) return reply_error(400, "invalid_argument", "\"since\" must be a revision");
    net::HttpReply reply;
    reply.content_type = "application/x-ndjson";
    reply.stream = [&api, since = *since](net::HttpBodyWriter& writer) { return send_changes(api, since, writer); };
    return reply;
  }

  static runtime::Task<Status> send_changes(Api& api, uint64_t since, net::HttpBodyWriter& writer) {
    struct Place {
      explicit Place(std::list<runtime::Event*>& all) : list(all) { list.push_back(&changed); }
      Place(const Place&) = delete;
      Place& operator=(const Place&) = delete;
      ~Place() { list.remove(&changed); }
      std::list<runtime::Event*>& list;
      runtime::Event changed;
    };
    Place place(api.watchers_);
    for (;;) {
      auto changes = api.context_.store.changes_since(since);
      if (!changes) co_return fail_with(changes);
      for (const Change& change : *changes) {
        since = change.revision;
        if (Status sent = co_await writer.write(change_json(change)); !sent) co_return sent;
      }
      place.changed.clear();
      co_await place.changed.wait();
    }
  }
};

const std::array<ApiHandlers::Route, 17> ApiHandlers::kRoutes = {{
    {{"GET", "/v1/health"}, health},
    {{"POST", "/v1/apply"}, apply},
    {{"GET", "/v1/resources"}, list},
    {{"GET", "/v1/resources/{}/{}/{}"}, get},
    {{"DELETE", "/v1/resources/{}/{}/{}"}, remove},
    {{"GET", "/v1/workloads"}, workloads},
    {{"POST", "/v1/workloads"}, add_workload},
    {{"DELETE", "/v1/workloads/{}"}, remove_workload},
    {{"GET", "/v1/services"}, services},
    {{"GET", "/v1/proxies"}, proxies},
    {{"GET", "/v1/diagnostics"}, diagnostics},
    {{"GET", "/v1/watch"}, watch},
    {{"GET", "/v1/root"}, root},
    {{"GET", "/v1/root/rotation"}, rotation},
    {{"POST", "/v1/root/rotation/begin"}, begin_rotation},
    {{"POST", "/v1/root/rotation/advance"}, advance_rotation},
    {{"POST", "/v1/root/rotation/cancel"}, cancel_rotation},
}};

std::span<const ApiRoute> api_routes() {
  static const std::vector<ApiRoute> routes = [] {
    std::vector<ApiRoute> all;
    for (const ApiHandlers::Route& entry : ApiHandlers::kRoutes) all.push_back(entry.route);
    return all;
  }();
  return routes;
}

namespace {

// The segments that stand for "{}", or nullopt when the path is another one.
std::optional<Segments> match(std::string_view pattern, std::string_view path) {
  const Segments wanted = split(pattern, '/');
  const Segments given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  Segments parts;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{}" && !given[i].empty()) {
      parts.push_back(given[i]);
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return parts;
}

}  // namespace

runtime::Task<net::HttpReply> Api::answer(const net::HttpRequest& request) {
  static constexpr std::string_view kBearer = "Bearer ";
  const auto authorization = request.header("authorization");
  const bool is_known = authorization && authorization->starts_with(kBearer) &&
                        equals_secret(authorization->substr(kBearer.size()), context_.token);
  if (!is_known) {
    co_return reply_error(401, "unauthenticated", "send the token of the control plane's home as a bearer token");
  }
  bool path_exists = false;
  for (const ApiHandlers::Route& entry : ApiHandlers::kRoutes) {
    const auto parts = match(entry.route.path, request.path());
    if (!parts) continue;
    path_exists = true;
    if (entry.route.method == request.method()) co_return entry.handle(*this, request, *parts);
  }
  if (path_exists)
    co_return reply_error(405, "unsupported", "this path does not take " + std::string(request.method()));
  co_return reply_error(404, "not_found", "there is no " + std::string(request.path()));
}

void Api::on_change() {
  const std::list<runtime::Event*> present = watchers_;
  for (runtime::Event* watcher : present) {
    if (std::ranges::find(watchers_, watcher) != watchers_.end()) watcher->set();
  }
}

}  // namespace ripstop::control
