#include "control/api/read_json.h"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/text.h"

namespace ripstop::control {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDocuments = 20'000;
constexpr size_t kMaxTextBytes = 1024;  // of a name or an address

// The fields of one object, taken one by one; keeps the first mistake.
class Fields {
 public:
  Fields(const Json& value, std::string path, std::initializer_list<const char*> known)
      : value_(value), path_(std::move(path)) {
    if (!value_.is_object()) {
      refuse("", "must be a JSON object");
      return;
    }
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [name, ignored] : value_.items()) {
      if (std::ranges::find(names, name) != names.end()) continue;
      const auto meant = nearest(name, names);
      refuse(name,
             "is not known here" + (meant ? "; did you mean \"" + *meant + "\"?" : "; known are " + join(names, ", ")));
    }
  }

  // Null when it is missing or null.
  const Json* find(const char* name) const {
    if (!value_.is_object()) return nullptr;
    const auto found = value_.find(name);
    return found == value_.end() || found->is_null() ? nullptr : &*found;
  }

  void text(const char* name, std::string& into, size_t longest = kMaxTextBytes) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) return refuse(name, "must be a text");
    into = value->get<std::string>();
    if (into.size() > longest) refuse(name, "has more than " + std::to_string(longest) + " bytes");
  }

  void truth(const char* name, bool& into) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) return refuse(name, "must be true or false");
    into = value->get<bool>();
  }

  void number(const char* name, int64_t& into, int64_t least, int64_t most) {
    const Json* value = find(name);
    if (value == nullptr) return;
    const bool is_good =
        value->is_number_integer() && (!value->is_number_unsigned() || value->get<uint64_t>() <= INT64_MAX);
    const int64_t given = is_good ? value->get<int64_t>() : 0;
    if (!is_good || given < least || given > most) {
      return refuse(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    into = given;
  }

  // Empty when it is missing.
  const Json& list(const char* name) {
    static const Json none = Json::array();
    const Json* value = find(name);
    if (value == nullptr) return none;
    if (value->is_array()) return *value;
    refuse(name, "must be a list");
    return none;
  }

  void refuse(const std::string& name, const std::string& what) {
    if (!status_) return;
    const std::string place = path_.empty() || name.empty() ? path_ + name : path_ + "." + name;
    status_ = fail(ErrorCode::kInvalidArgument, (place.empty() ? "the body" : "\"" + place + "\"") + " " + what,
                   ErrorOrigin::kDownstream);
  }
  void adopt(Status status) {
    if (status_) status_ = std::move(status);
  }

  [[nodiscard]] std::string place(const char* name, size_t index) const {
    return (path_.empty() ? path_ : path_ + ".") + name + "[" + std::to_string(index) + "]";
  }
  Status take_status() { return std::move(status_); }

 private:
  const Json& value_;
  std::string path_;
  Status status_;
};

Result<Json> parse(std::string_view body) {
  if (body.empty()) return Json::object();
  Json parsed = Json::parse(body, nullptr, false);
  if (parsed.is_discarded()) {
    return fail(ErrorCode::kInvalidArgument, "the body is not JSON (in UTF-8)", ErrorOrigin::kDownstream);
  }
  return parsed;
}

SocketAddress read_address(Fields& fields, const char* name) {
  std::string text;
  fields.text(name, text);
  const auto address = SocketAddress::parse(text);
  if (address) return *address;
  fields.refuse(name, "must be an address and a port, as in 127.0.0.1:40001");
  return {};
}

RegistrationRequest::Port read_port(const Json& value, std::string path, Fields& whole) {
  Fields fields(value, std::move(path), {"port", "address", "name"});
  RegistrationRequest::Port port;
  int64_t number = 0;
  fields.number("port", number, 1, 65535);
  if (fields.find("port") == nullptr) fields.refuse("port", "is missing");
  port.port = static_cast<uint16_t>(number);
  port.address = read_address(fields, "address");
  fields.text("name", port.name);
  whole.adopt(fields.take_status());
  return port;
}

void read_labels(Fields& fields, model::Labels& labels) {
  const Json* given = fields.find("labels");
  if (given == nullptr) return;
  if (!given->is_object()) return fields.refuse("labels", "must be a JSON object of texts");
  for (const auto& [key, value] : given->items()) {
    if (!value.is_string()) return fields.refuse("labels." + key, "must be a text");
    labels[key] = value.get<std::string>();
  }
}

}  // namespace

Result<ApplyRequest> read_apply_request(std::string_view body) {
  const auto parsed = parse(body);
  if (!parsed) return std::unexpected(parsed.error());
  Fields fields(*parsed, "", {"documents", "dry_run", "default_namespace"});
  ApplyRequest request;
  std::string ns = "default";
  fields.truth("dry_run", request.is_dry_run);
  fields.text("default_namespace", ns);
  const Json& documents = fields.list("documents");
  if (fields.find("documents") == nullptr) fields.refuse("documents", "is missing: a list of {\"file\", \"text\"}");
  if (documents.size() > kMaxDocuments) {
    fields.refuse("documents", "has more than " + std::to_string(kMaxDocuments) + " entries");
  }
  for (size_t i = 0; i < documents.size(); ++i) {
    Fields document(documents[i], fields.place("documents", i), {"file", "text"});
    dialect::Source source{.file = "<request>", .text = {}, .default_namespace = ns};
    document.text("file", source.file, 4096);
    document.text("text", source.text, body.size());
    if (document.find("text") == nullptr) document.refuse("text", "is missing");
    fields.adopt(document.take_status());
    request.sources.push_back(std::move(source));
  }
  if (Status read = fields.take_status(); !read) return fail_with(read);
  return request;
}

Result<RegistrationRequest> read_registration(std::string_view body) {
  const auto parsed = parse(body);
  if (!parsed) return std::unexpected(parsed.error());
  Fields fields(*parsed, "", {"service", "namespace", "service_account", "labels", "ports", "admin_address", "pid"});
  RegistrationRequest request;
  fields.text("service", request.service);
  if (request.service.empty()) fields.refuse("service", "is missing: the name of the workload's service");
  fields.text("namespace", request.ns);
  fields.text("service_account", request.service_account);
  read_labels(fields, request.labels);
  const Json& ports = fields.list("ports");
  for (size_t i = 0; i < ports.size(); ++i)
    request.ports.push_back(read_port(ports[i], fields.place("ports", i), fields));
  if (fields.find("admin_address") != nullptr)
    request.admin_address = read_address(fields, "admin_address").to_string();
  fields.number("pid", request.process, 0, INT32_MAX);
  if (Status read = fields.take_status(); !read) return fail_with(read);
  return request;
}

Result<RotationRequest> read_rotation_request(std::string_view body) {
  const auto parsed = parse(body);
  if (!parsed) return std::unexpected(parsed.error());
  Fields fields(*parsed, "", {"step", "force"});
  RotationRequest request;
  std::string step;
  fields.text("step", step);
  fields.truth("force", request.is_forced);
  if (step != "next" && step != "cancel") fields.refuse("step", "must be \"next\" or \"cancel\"");
  if (Status read = fields.take_status(); !read) return fail_with(read);
  request.step = step == "next" ? RotationStep::kNext : RotationStep::kCancel;
  return request;
}

}  // namespace ripstop::control
