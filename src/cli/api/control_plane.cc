#include "cli/api/control_plane.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "cli/api/fetch.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Error no_control_plane(const std::string& home) {
  return {ErrorCode::kUnavailable, ErrorOrigin::kUpstream, Retry::kSafe,
          "no control plane runs for the mesh in " + home + ": start one with `ripstop up`"};
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return ErrorCode::kInvalidArgument;
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kAlreadyExists;
    case 413:
      return ErrorCode::kTooLarge;
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

Error error_of(int status, const std::string& body) {
  const Json parsed = Json::parse(body, nullptr, false);
  std::string message;
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    message = text_of(parsed["error"], "message");
  }
  if (message.empty()) message = fmt::format("the control plane answered with status {}", status);
  if (status == 401) message += "; does api.token in the mesh's home belong to the control plane that runs?";
  return {code_of(status), ErrorOrigin::kUpstream, Retry::kNever, message};
}

}  // namespace

Result<ControlFile> parse_control_file(std::string_view text) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorCode::kParse, "control.json is not a JSON object");
  ControlFile file;
  const auto process = parsed.find("pid");
  if (process != parsed.end() && process->is_number_integer()) file.process = process->get<pid_t>();
  const Result<SocketAddress> xds = SocketAddress::parse(text_of(parsed, "xds_address"));
  const Result<SocketAddress> api = SocketAddress::parse(text_of(parsed, "api_address"));
  if (!xds || !api) return fail(ErrorCode::kParse, "control.json lacks a usable xds_address or api_address");
  file.xds_address = *xds;
  file.api_address = *api;
  file.version = text_of(parsed, "version");
  file.token_file = text_of(parsed, "token_file");
  file.roots_file = text_of(parsed, "roots_file");
  file.trust_domain = text_of(parsed, "trust_domain");
  file.mesh_id = text_of(parsed, "mesh_id");
  return file;
}

Result<ControlFile> read_control_file(const Home& home) {
  const Result<std::string> text = runtime::read_file(home.control_file());
  if (!text) return std::unexpected(no_control_plane(home.path));
  return parse_control_file(*text);
}

Result<ControlPlane> ControlPlane::open(const Home& home) {
  Result<ControlFile> file = read_control_file(home);
  if (!file) return fail_with(file);
  Result<std::string> token = runtime::read_file(file->token_file, 4096);
  if (!token) return fail(ErrorCode::kPermissionDenied, token.error().message + "; whose mesh is this?");
  return ControlPlane(home.path, std::move(*file), std::string(trim(split(*token, '\n').front())));
}

Result<std::string> ControlPlane::call(std::string_view method, std::string target, std::string body,
                                       Duration timeout) const {
  net::HttpClientRequest request;
  request.method = method;
  request.target = std::move(target);
  request.fields.emplace_back("authorization", "Bearer " + token_);
  if (!body.empty()) request.fields.emplace_back("content-type", "application/json");
  request.body = std::move(body);
  Result<net::HttpClientResponse> response = fetch(file_.api_address, std::move(request), timeout);
  if (!response && response.error().code == ErrorCode::kTimeout) {
    return fail(ErrorCode::kTimeout, "the control plane does not answer; see control.log in " + home_);
  }
  if (!response) return std::unexpected(no_control_plane(home_));
  if (response->status >= 200 && response->status < 300) return std::move(response->body);
  return std::unexpected(error_of(response->status, response->body));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace ripstop::cli
