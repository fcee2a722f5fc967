// YAML to the JSON that protobuf's own reader takes, led by the message's descriptor: a scalar becomes what its field
// is, and every name that does not exist is told with its line, its path and the nearest name that does. Internal.
#pragma once

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ripstop::xds {

class YamlReader {
 public:
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  // Never stops at the first problem. The result is of use only when problems() is empty.
  nlohmann::json read(const YAML::Node& node, const google::protobuf::Descriptor& message);
  // Whole sentences, one per problem.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  // A place in the document: how deep, and the path so far.
  struct Place {
    std::string path;
    int depth = 0;
    [[nodiscard]] Place field(std::string_view name) const;
    [[nodiscard]] Place item(size_t index) const;
  };

  nlohmann::json message(const YAML::Node& node, const google::protobuf::Descriptor& type, const Place& at);
  // Inside an Any the message's fields stand beside its "@type".
  enum class Shape : uint8_t { kPlain, kAny };
  nlohmann::json plain_message(const YAML::Node& node, const google::protobuf::Descriptor& type, Shape shape,
                               const Place& at);
  nlohmann::json any(const YAML::Node& node, const Place& at);
  nlohmann::json field(const YAML::Node& node, const google::protobuf::FieldDescriptor& type, const Place& at);
  nlohmann::json single(const YAML::Node& node, const google::protobuf::FieldDescriptor& type, const Place& at);
  nlohmann::json scalar(const YAML::Node& node, const google::protobuf::FieldDescriptor& type, const Place& at);
  nlohmann::json map(const YAML::Node& node, const google::protobuf::FieldDescriptor& type, const Place& at);
  // Without a type: as YAML 1.2's core schema has it.
  nlohmann::json free_form(const YAML::Node& node, const Place& at);

  [[nodiscard]] bool is_within_bounds(const YAML::Node& node, const Place& at);
  void complain(const YAML::Node& node, const Place& at, std::string_view what);
  void complain_unknown(const YAML::Node& key, const google::protobuf::Descriptor& type, const Place& at);

  std::string file_;
  size_t nodes_ = 0;
  bool has_overflown_ = false;
  std::vector<std::string> problems_;
};

}  // namespace ripstop::xds
