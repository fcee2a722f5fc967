// Envoy's bootstrap file, for the part of it that Ripstop honours: YAML or JSON, proto field names or their camelCase.
//
// Reading has two halves. compile_bootstrap() takes text to a compact binary with YAML, JSON and protobuf reflection;
// decode_bootstrap() takes the binary to the model without any of these. parse_in_child() runs the first half in a
// short-lived child process, so that a proxy never holds what the first half needs.
//
// Errors are lists of sentences, one per line, each with file, line where known, and the path of the field; a field or
// type that does not exist comes with the nearest one that does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "model/cluster.h"
#include "model/listener.h"
#include "model/tls.h"

namespace ripstop::xds {

struct Bootstrap {
  struct Node {
    std::string id;
    std::string cluster;
    model::Locality locality;
    std::string message;  // the serialized envoy.config.core.v3.Node, for a ClientSession
  };
  struct Ads {
    std::string cluster;    // one of `clusters`
    bool is_delta = false;  // else state-of-the-world
    bool listeners = false;
    bool clusters = false;
  };

  Node node;
  std::vector<model::Listener> listeners;
  std::vector<model::Cluster> clusters;
  // Certificates and roots that TLS contexts embed or take from files stand here under names made up for them, and
  // the contexts name them, as the model has it.
  std::vector<model::Secret> secrets;
  std::optional<Ads> ads;
  std::optional<SocketAddress> admin;
};

// `file` is how errors call the text. Files that TLS certificates name are read here, once.
[[nodiscard]] Result<std::string> compile_bootstrap(std::string_view text, const std::string& file);

// `binary` as compile_bootstrap() made it.
[[nodiscard]] Result<Bootstrap> decode_bootstrap(std::string_view binary);

// Reads the file and does both halves, the first in a child. Must be called before the process has a second thread.
[[nodiscard]] Result<Bootstrap> parse_in_child(const std::string& path);

}  // namespace ripstop::xds
