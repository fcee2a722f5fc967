// YAML to the JSON that protobuf's own reader takes, led by the message's descriptor: a scalar becomes what its field
// is, and every name that does not exist is told with its line, its path and the nearest name that does. Internal.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace YAML {  // NOLINT(readability-identifier-naming): its own
class Node;
}
namespace google::protobuf {
class Descriptor;
}

namespace ripstop::xds {

// The JSON text, or all problems as sentences. `file` is how they call the document. May throw what yaml-cpp throws.
[[nodiscard]] std::expected<std::string, std::vector<std::string>> yaml_to_json(
    const YAML::Node& node, const google::protobuf::Descriptor& message, const std::string& file);

}  // namespace ripstop::xds
