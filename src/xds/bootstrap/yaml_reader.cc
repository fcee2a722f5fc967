#include "xds/bootstrap/yaml_reader.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace ripstop::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

constexpr int kMaxDepth = 64;
// Aliases are expanded, so this also bounds what a few lines of nested aliases can become.
constexpr size_t kMaxNodes = 1'000'000;
constexpr size_t kMaxProblems = 50;

bool is_wrapper(const Descriptor& type) {
  return type.file()->name() == "google/protobuf/wrappers.proto";
}

bool is_free_form(const Descriptor& type) {
  return type.file()->name() == "google/protobuf/struct.proto";
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

json plain_scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  // yaml-cpp tags quoted scalars "!", plain ones "?".
  if (node.Tag() == "!") return text;
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const auto whole = parse_number<int64_t>(text)) return *whole;
  if (const auto number = parse_real(text)) return *number;
  return text;
}

class YamlReader {
 public:
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  // Never stops at the first problem. The result is of use only when problems() is empty.
  json read(const YAML::Node& node, const Descriptor& type);
  // Whole sentences, one per problem.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  // A place in the document, inside another that outlives it. Its path is put together only for a complaint.
  struct Place {
    static constexpr size_t kNoIndex = SIZE_MAX;
    const Place* within = nullptr;
    std::string_view name;
    size_t index = kNoIndex;
    int depth = 0;
    [[nodiscard]] Place field(std::string_view of) const { return {this, of, kNoIndex, depth + 1}; }
    [[nodiscard]] Place item(size_t at) const { return {this, {}, at, depth + 1}; }
    [[nodiscard]] std::string path() const;
  };

  json message(const YAML::Node& node, const Descriptor& type, const Place& at);
  // Inside an Any the message's fields stand beside its "@type".
  enum class Shape : uint8_t { kPlain, kAny };
  json plain_message(const YAML::Node& node, const Descriptor& type, Shape shape, const Place& at);
  json any(const YAML::Node& node, const Place& at);
  json field(const YAML::Node& node, const FieldDescriptor& type, const Place& at);
  json single(const YAML::Node& node, const FieldDescriptor& type, const Place& at);
  json scalar(const YAML::Node& node, const FieldDescriptor& type, const Place& at);
  json map(const YAML::Node& node, const FieldDescriptor& type, const Place& at);
  // Without a type: as YAML 1.2's core schema has it.
  json free_form(const YAML::Node& node, const Place& at);

  [[nodiscard]] bool is_within_bounds(const YAML::Node& node, const Place& at);
  void complain(const YAML::Node& node, const Place& at, std::string_view what);
  void complain_unknown(const YAML::Node& key, const Descriptor& type, const Place& at);

  std::string file_;
  size_t nodes_ = 0;
  bool has_overflown_ = false;
  std::vector<std::string> problems_;
};

const FieldDescriptor* find_field(const Descriptor& type, const std::string& name) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(name);
}

std::string YamlReader::Place::path() const {
  if (within == nullptr) return {};
  const std::string before = within->path();
  if (index != kNoIndex) return fmt::format("{}[{}]", before, index);
  return before.empty() ? std::string(name) : fmt::format("{}.{}", before, name);
}

json YamlReader::read(const YAML::Node& node, const Descriptor& type) {
  return message(node, type, {});
}

bool YamlReader::is_within_bounds(const YAML::Node& node, const Place& at) {
  if (has_overflown_) return false;
  has_overflown_ = ++nodes_ > kMaxNodes || at.depth > kMaxDepth;
  if (has_overflown_) complain(node, at, "makes the document too large or too deep");
  return !has_overflown_;
}

void YamlReader::complain(const YAML::Node& node, const Place& at, std::string_view what) {
  if (problems_.size() >= kMaxProblems) return;
  const int line = node.Mark().line;
  const std::string where = line < 0 ? file_ : fmt::format("{}:{}", file_, line + 1);
  const std::string path = at.path();
  problems_.push_back(fmt::format("{}: {} {}", where, path.empty() ? "the document" : path, what));
}

void YamlReader::complain_unknown(const YAML::Node& key, const Descriptor& type, const Place& at) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  const auto meant = nearest(key.Scalar(), names);
  complain(key, at.field(key.Scalar()),
           meant ? fmt::format("is not a supported field of {}; did you mean \"{}\"?", type.name(), *meant)
                 : fmt::format("is not a supported field of {}", type.name()));
}

json YamlReader::message(const YAML::Node& node, const Descriptor& type, const Place& at) {
  if (!is_within_bounds(node, at)) return nullptr;
  if (is_free_form(type)) return free_form(node, at);
  if (type.full_name() == "google.protobuf.Any") return any(node, at);
  if (is_wrapper(type)) return scalar(node, *type.FindFieldByName("value"), at);
  if (type.full_name() == "google.protobuf.Duration") {
    if (!node.IsScalar()) complain(node, at, "must be a duration such as \"5s\" or \"0.25s\"");
    return node.IsScalar() ? json(node.Scalar()) : json();
  }
  return plain_message(node, type, Shape::kPlain, at);
}

json YamlReader::plain_message(const YAML::Node& node, const Descriptor& type, Shape shape, const Place& at) {
  json object = json::object();
  if (node.IsNull()) return object;
  if (!node.IsMap()) {
    complain(node, at, fmt::format("must be a mapping with the fields of {}", type.name()));
    return object;
  }
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    const FieldDescriptor* known = find_field(type, name);
    if (known == nullptr) {
      if (name != "@type" || shape != Shape::kAny) complain_unknown(entry.first, type, at);
    } else if (object.contains(known->name())) {
      complain(entry.first, at.field(name), "is given twice");
    } else if (!entry.second.IsNull()) {
      object[known->name()] = field(entry.second, *known, at.field(name));
    }
  }
  return object;
}

json YamlReader::any(const YAML::Node& node, const Place& at) {
  const YAML::Node type_node = node.IsMap() ? node["@type"] : YAML::Node(YAML::NodeType::Undefined);
  if (!type_node.IsDefined() || !type_node.IsScalar()) {
    complain(node, at, "must have an \"@type\" such as \"type.googleapis.com/PACKAGE.MESSAGE\"");
    return nullptr;
  }
  const std::string& url = type_node.Scalar();
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
  if (type == nullptr) {
    complain(type_node, at, fmt::format("has the type \"{}\", which is not supported", url));
    return nullptr;
  }
  json object = plain_message(node, *type, Shape::kAny, at);
  object["@type"] = url;
  return object;
}

json YamlReader::field(const YAML::Node& node, const FieldDescriptor& type, const Place& at) {
  if (type.is_map()) return map(node, type, at);
  if (!type.is_repeated()) return single(node, type, at);
  json list = json::array();
  if (!node.IsSequence()) {
    complain(node, at, "must be a list");
    return list;
  }
  for (size_t i = 0; i < node.size(); ++i) list.push_back(single(node[i], type, at.item(i)));
  return list;
}

json YamlReader::map(const YAML::Node& node, const FieldDescriptor& type, const Place& at) {
  json object = json::object();
  if (!node.IsMap()) {
    complain(node, at, "must be a mapping");
    return object;
  }
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    object[key] = single(entry.second, *type.message_type()->map_value(), at.field(key));
  }
  return object;
}

json YamlReader::single(const YAML::Node& node, const FieldDescriptor& type, const Place& at) {
  return type.message_type() != nullptr ? message(node, *type.message_type(), at) : scalar(node, type, at);
}

json YamlReader::scalar(const YAML::Node& node, const FieldDescriptor& type, const Place& at) {
  if (!is_within_bounds(node, at)) return nullptr;
  if (!node.IsScalar()) {
    complain(node, at, "must be a single value");
    return nullptr;
  }
  const std::string& text = node.Scalar();
  switch (type.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return text;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (const json value = plain_scalar(node); value.is_boolean()) return value;
      complain(node, at, fmt::format("is \"{}\", not true or false", text));
      return nullptr;
    case FieldDescriptor::CPPTYPE_ENUM: {
      if (type.enum_type()->FindValueByName(text) != nullptr || parse_number<int32_t>(text)) return plain_scalar(node);
      std::vector<std::string> names;
      names.reserve(static_cast<size_t>(type.enum_type()->value_count()));
      for (int i = 0; i < type.enum_type()->value_count(); ++i) names.push_back(type.enum_type()->value(i)->name());
      complain(node, at, fmt::format("is \"{}\", which is not supported; it may be {}", text, join(names, ", ")));
      return nullptr;
    }
    default:
      if (const json value = plain_scalar(node); value.is_number()) return value;
      if (parse_number<int64_t>(text)) return text;
      complain(node, at, fmt::format("is \"{}\", not a number", text));
      return nullptr;
  }
}

json YamlReader::free_form(const YAML::Node& node, const Place& at) {
  if (!is_within_bounds(node, at)) return nullptr;
  if (node.IsScalar()) return plain_scalar(node);
  if (node.IsSequence()) {
    json list = json::array();
    for (size_t i = 0; i < node.size(); ++i) list.push_back(free_form(node[i], at.item(i)));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  json object = json::object();
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    object[key] = free_form(entry.second, at.field(key));
  }
  return object;
}

}  // namespace

std::expected<std::string, std::vector<std::string>> yaml_to_json(const YAML::Node& node, const Descriptor& message,
                                                                  const std::string& file) {
  YamlReader reader(file);
  const json tree = reader.read(node, message);
  if (!reader.problems().empty()) return std::unexpected(reader.problems());
  return tree.dump();
}

}  // namespace ripstop::xds
