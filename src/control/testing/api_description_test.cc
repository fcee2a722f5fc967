#include "control/testing/api_description.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ripstop::control {
namespace {

using Json = nlohmann::json;

const YAML::Node& description() {
  static const YAML::Node loaded = YAML::LoadFile("api/openapi.yaml");
  return loaded;
}

YAML::Node resolve(const YAML::Node& node) {
  if (!node["$ref"]) return node;
  std::string path = node["$ref"].as<std::string>();
  YAML::Node found = YAML::Clone(description());
  path.erase(0, 2);  // "#/"
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    found.reset(found[path.substr(0, slash)]);
    path.erase(0, slash + 1);
  }
  return found;
}

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  return type == "boolean" && value.is_boolean();
}

std::string check(const Json& value, const YAML::Node& given, const std::string& place);

std::string check_object(const Json& value, const YAML::Node& schema, const std::string& place) {
  for (const YAML::Node& name : schema["required"]) {
    if (!value.contains(name.as<std::string>())) return place + " lacks " + name.as<std::string>();
  }
  for (const auto& [name, field] : value.items()) {
    const YAML::Node declared =
        schema["properties"] ? schema["properties"][name] : YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node further = schema["additionalProperties"];
    if (!declared && !(further && further.IsMap())) return place + " has " + name + ", which is not described";
    if (auto wrong = check(field, declared ? declared : further, place + "." + name); !wrong.empty()) return wrong;
  }
  return {};
}

std::string check(const Json& value, const YAML::Node& given, const std::string& place) {
  const YAML::Node schema = resolve(given);
  const std::string type = schema["type"].as<std::string>();
  if (!is_of_type(value, type)) return place + " is not of type " + type + ": " + value.dump();
  if (schema["enum"]) {
    const auto is_it = [&value](const YAML::Node& one) { return value == one.as<std::string>(); };
    if (std::none_of(schema["enum"].begin(), schema["enum"].end(), is_it)) return place + " may not be " + value.dump();
  }
  if (type == "object") return check_object(value, schema, place);
  if (type != "array") return {};
  for (size_t i = 0; i < value.size(); ++i) {
    if (auto wrong = check(value[i], schema["items"], place + "[" + std::to_string(i) + "]"); !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

TEST(ApiDescription, TheCheckOfRepliesSeesWhatIsWrong) {
  net::HttpClientResponse reply{.status = 200, .fields = {{"content-type", "application/json"}}, .body = {}};
  const auto wrong_with = [&](const char* body) {
    reply.body = body;
    return deviation("GET", "/v1/health", reply);
  };
  EXPECT_EQ(wrong_with(R"({"status":"ok","revision":1,"version":"0"})"), "");
  EXPECT_EQ(wrong_with(R"({"status":"ok","version":"0"})"), "body lacks revision");
  EXPECT_EQ(wrong_with(R"({"status":"ok","revision":1,"version":"0","x":1})"), "body has x, which is not described");
  EXPECT_EQ(wrong_with(R"({"status":"ok","revision":"1","version":"0"})"),
            R"(body.revision is not of type integer: "1")");
  EXPECT_EQ(wrong_with(R"({"status":"bad","revision":1,"version":"0"})"), R"(body.status may not be "bad")");
  reply.status = 418;
  EXPECT_EQ(wrong_with(R"({"error":{"code":"a"}})"), "body.error lacks message");
}

}  // namespace

std::set<std::pair<std::string, std::string>> described_calls() {
  std::set<std::pair<std::string, std::string>> calls;
  for (const auto& path : description()["paths"]) {
    for (const auto& method : path.second) {
      std::string name = method.first.as<std::string>();
      if (name == "parameters") continue;
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
      calls.emplace(name, path.first.as<std::string>());
    }
  }
  return calls;
}

std::string deviation(const std::string& method, const std::string& path, const net::HttpClientResponse& reply) {
  std::string verb = method;
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::tolower(c); });
  const YAML::Node call = description()["paths"][path][verb];
  if (!call) return method + " " + path + " is not described";
  const YAML::Node exact = call["responses"][std::to_string(reply.status)];
  if (!exact && reply.status < 400) return "the status " + std::to_string(reply.status) + " is not described";
  const YAML::Node content = resolve(exact ? exact : call["responses"]["default"])["content"];
  const std::string type(reply.field("content-type").value_or("nothing"));
  if (!content[type]) return "the content type " + type + " is not described";
  const YAML::Node schema = content[type]["schema"];
  if (type != "application/json") return {};
  return check(Json::parse(reply.body), schema, "body");
}

}  // namespace ripstop::control
