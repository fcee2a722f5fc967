#include "control/api/registrar.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/identity/join_token.h"
#include "control/push/server_identity.h"

namespace ripstop::control {
namespace {

// A sidecar that is started anew joins anew, as its key was never written down: so the token serves for as long as its
// workload is registered.
constexpr std::chrono::seconds kTokenLifetime = std::chrono::hours(24 * 365);
constexpr uint32_t kTokenUses = 1'000'000;

constexpr size_t kMaxPorts = 1000;
constexpr size_t kMaxLabels = 100;
constexpr std::string_view kOwnPrefix = "ripstop.io/";

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), ErrorOrigin::kDownstream);
}

bool is_label_character(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_label_value(std::string_view text) {
  return text.size() <= 63 && std::ranges::all_of(text, is_label_character);
}

bool is_label_key(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const std::string_view prefix = slash == std::string_view::npos ? std::string_view() : text.substr(0, slash);
  return !name.empty() && is_label_value(name) && prefix.size() <= 253 && slash != 0 &&
         std::ranges::all_of(prefix, is_label_character);
}

Status check_labels(const model::Labels& labels) {
  if (labels.size() > kMaxLabels) return wrong("\"labels\" has more than " + std::to_string(kMaxLabels) + " entries");
  for (const auto& [key, value] : labels) {
    if (key.starts_with(kOwnPrefix)) {
      return wrong("the label \"" + key + "\" is the mesh's own; \"service\" says which service the workload is of");
    }
    if (!is_label_key(key))
      return wrong("\"" + key + "\" is not a label: [prefix/]name of letters, digits, -, _ and .");
    if (!is_label_value(value)) {
      return wrong("the label \"" + key + "\" needs a value of at most 63 letters, digits, -, _ and .");
    }
  }
  return {};
}

Status check_ports(const std::vector<RegistrationRequest::Port>& ports) {
  if (ports.size() > kMaxPorts) return wrong("\"ports\" has more than " + std::to_string(kMaxPorts) + " entries");
  std::set<uint16_t> seen;
  for (const RegistrationRequest::Port& port : ports) {
    if (!seen.insert(port.port).second) return wrong("\"ports\" names " + std::to_string(port.port) + " twice");
  }
  return {};
}

std::string workload_name(const RegistrationRequest& request) {
  const auto version = request.labels.find("version");
  const bool has_version = version != request.labels.end() && !version->second.empty();
  return request.service + (has_version ? "-" + version->second : std::string());
}

std::string free_id(const Workloads& workloads, const std::string& name) {
  for (uint32_t number = 1;; ++number) {
    std::string id = name + "-" + std::to_string(number);
    if (!workloads.contains(id)) return id;
  }
}

model::Workload workload_of(const RegistrationRequest& request, const std::string& trust_domain) {
  model::Workload workload;
  workload.name = workload_name(request);
  workload.identity = {trust_domain, request.ns, request.service_account};
  workload.labels = request.labels;
  workload.labels.emplace("app", request.service);
  workload.labels[std::string(kServiceLabel)] = request.service;
  workload.address = "127.0.0.1";
  for (const RegistrationRequest::Port& port : request.ports) {
    workload.inbound[port.port] = port.address;
    if (!port.name.empty()) workload.port_names[port.name] = port.port;
  }
  workload.has_proxy = true;
  workload.is_ready = false;
  return workload;
}

}  // namespace

Result<Registered> Registrar::add(const RegistrationRequest& request, WallTime now) {
  if (Status checked = check_labels(request.labels); !checked) return fail_with(checked);
  if (Status checked = check_ports(request.ports); !checked) return fail_with(checked);
  const std::string& trust_domain = catalogue_.snapshot()->settings.trust_domain;
  Registered registered{.workload = workload_of(request, trust_domain), .join_token = {}};
  model::Workload& workload = registered.workload;
  if (workload.identity == control_plane_identity(trust_domain)) {
    return wrong("the service account " + request.service_account + " of the namespace " + request.ns +
                 " is the control plane's own; choose another one");
  }
  workload.id = free_id(catalogue_.workloads(), workload.name);
  if (Status checked = check_workload(workload, trust_domain); !checked) return fail_with(checked);

  auto token = issue_token(store_.tokens(), workload.identity, kTokenLifetime, kTokenUses, now);
  if (!token) return fail_with(token);
  const StoredRegistration row{
      .workload = workload.id, .token = token->id, .admin_address = request.admin_address, .process = request.process};
  if (Status put = store_.registrations().put(row); !put) return fail_with(put);
  if (Status put = catalogue_.put_workload(workload, now); !put) return fail_with(put);
  registered.join_token = std::move(token->text);
  log::info("control.api", "registered " + workload.id + " as " + workload.identity.to_string());
  return registered;
}

Status Registrar::remove(const std::string& id, WallTime now) {
  if (!catalogue_.workloads().contains(id)) return fail(ErrorCode::kNotFound, "there is no workload " + id);
  const auto row = store_.registrations().find(id);
  if (!row && row.error().code != ErrorCode::kNotFound) return std::unexpected(row.error());
  if (row) {
    if (auto revoked = store_.tokens().revoke(row->token); !revoked) return fail_with(revoked);
  }
  if (Status removed = catalogue_.remove_workload(id, now); !removed) return removed;
  log::info("control.api", "deregistered " + id);
  return store_.registrations().remove(id);
}

Status Registrar::tidy(WallTime now) {
  auto rows = store_.registrations().list();
  if (!rows) return fail_with(rows);
  std::set<std::string> live_tokens;
  for (const auto& [id, row] : *rows) {
    if (catalogue_.workloads().contains(id)) {
      live_tokens.insert(row.token);
    } else if (Status removed = store_.registrations().remove(id); !removed) {
      return removed;
    }
  }
  auto tokens = store_.tokens().list();
  if (!tokens) return fail_with(tokens);
  for (const StoredToken& token : *tokens) {
    if (live_tokens.contains(token.id) && token.expires > now) continue;
    if (auto revoked = store_.tokens().revoke(token.id); !revoked) return fail_with(revoked);
  }
  return {};
}

Result<std::vector<std::string>> Registrar::remove_gone(const IsGone& is_gone, WallTime now) {
  auto rows = store_.registrations().list();
  if (!rows) return fail_with(rows);
  std::vector<std::string> gone;
  for (const auto& [id, row] : *rows) {
    if (!catalogue_.workloads().contains(id) || !is_gone(row)) continue;
    if (Status removed = remove(id, now); !removed) return fail_with(removed);
    gone.push_back(id);
  }
  return gone;
}

}  // namespace ripstop::control
