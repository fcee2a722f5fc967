#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>
#include <yaml-cpp/yaml.h>

#include <exception>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "xds/bootstrap.h"
#include "xds/bootstrap/embedded_secrets.h"
#include "xds/bootstrap/yaml_reader.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

using Wire = envoy::config::bootstrap::v3::Bootstrap;

std::unexpected<Error> fail_with_lines(const std::vector<std::string>& problems) {
  return fail(ErrorCode::kInvalidArgument, join(problems, "\n"));
}

// JSON that no YAML reader takes (tabs between tokens) is brought into a form that every one does; lines are lost.
YAML::Node load(std::string_view text) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception&) {
    const nlohmann::json tree = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (tree.is_discarded()) throw;
    return YAML::Load(tree.dump());
  }
}

Result<std::string> compile(std::string_view text, const std::string& file) {
  const auto json = yaml_to_json(load(text), *Wire::descriptor(), file);
  if (!json) return fail_with_lines(json.error());
  Wire wire;
  const auto status = google::protobuf::util::JsonStringToMessage(*json, &wire);
  if (!status.ok()) return fail(ErrorCode::kInvalidArgument, file + ": " + std::string(status.message()));
  std::vector<std::string> problems;
  extract_secrets(wire, problems);
  if (!problems.empty()) return fail_with_lines(problems);
  return to_bytes(wire);
}

}  // namespace

Result<std::string> compile_bootstrap(std::string_view text, const std::string& file) {
  if (text.size() > kMaxBodyBytes) return fail(ErrorCode::kTooLarge, file + ": the file is larger than 16 MiB");
  try {
    return compile(text, file);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::kParse, file + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kParse, file + ": " + error.what());
  }
}

}  // namespace ripstop::xds
