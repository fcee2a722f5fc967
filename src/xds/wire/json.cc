#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "envoy/config/core/v3/base.pb.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using nlohmann::json;

constexpr int kMaxDepth = 32;

json to_tree(const Value& wire, int depth) {
  if (depth > kMaxDepth) return nullptr;
  switch (wire.kind_case()) {
    case Value::kBoolValue:
      return wire.bool_value();
    case Value::kStringValue:
      return wire.string_value();
    case Value::kNumberValue: {
      const double number = wire.number_value();
      if (std::nearbyint(number) == number && std::fabs(number) < 9e15) return static_cast<int64_t>(number);
      return number;
    }
    case Value::kStructValue: {
      json object = json::object();
      for (const auto& [key, value] : wire.struct_value().fields()) object[key] = to_tree(value, depth + 1);
      return object;
    }
    case Value::kListValue: {
      json list = json::array();
      for (const Value& value : wire.list_value().values()) list.push_back(to_tree(value, depth + 1));
      return list;
    }
    default:
      return nullptr;
  }
}

bool from_tree(const json& tree, Value* wire, int depth) {
  if (depth > kMaxDepth) return false;
  if (tree.is_boolean()) {
    wire->set_bool_value(tree.get<bool>());
  } else if (tree.is_number()) {
    wire->set_number_value(tree.get<double>());
  } else if (tree.is_string()) {
    wire->set_string_value(tree.get_ref<const std::string&>());
  } else if (tree.is_object()) {
    auto* fields = wire->mutable_struct_value()->mutable_fields();
    for (const auto& [key, value] : tree.items()) {
      if (!from_tree(value, &(*fields)[key], depth + 1)) return false;
    }
  } else if (tree.is_array()) {
    auto* list = wire->mutable_list_value();
    for (const json& value : tree) {
      if (!from_tree(value, list->add_values(), depth + 1)) return false;
    }
  } else {
    wire->set_null_value(google::protobuf::NULL_VALUE);
  }
  return true;
}

}  // namespace

std::string to_json(const Struct& wire) {
  json object = json::object();
  for (const auto& [key, value] : wire.fields()) object[key] = to_tree(value, 1);
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool from_json(std::string_view text, Struct* wire) {
  const json tree = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object()) return false;
  for (const auto& [key, value] : tree.items()) {
    if (!from_tree(value, &(*wire->mutable_fields())[key], 1)) return false;
  }
  return true;
}

}  // namespace ripstop::xds
