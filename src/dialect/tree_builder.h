// Builds trees from yaml-cpp's events under budgets. Private to the reading of documents: it throws, and
// read_documents catches.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dialect/document.h"

namespace ripstop::dialect {

inline constexpr std::string_view kSyntaxCode = "document/syntax";

// Thrown: why a document is not taken.
struct Refusal {
  std::string code;
  std::string message;
  std::string remedy;
  Position at;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  // `first_line` is the file's line of the document's first; `nodes_left` what remains of the budget.
  TreeBuilder(uint32_t first_line, size_t nodes_left, const Limits& limits);

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

  // Null for an empty document.
  [[nodiscard]] NodeRef take_root() { return std::move(root_); }
  [[nodiscard]] Position position(const YAML::Mark& mark) const;

 private:
  struct Frame {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor = 0;
    std::optional<std::string> key;  // read, its value not yet
    Position key_at;
    std::vector<NodeRef> merges;  // values of "<<"
    std::unordered_set<std::string> keys;
  };

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void place(NodeRef node, YAML::anchor_t anchor);
  void take_key(Frame& frame, const Node& node);
  void count(size_t nodes, Position at);
  void check_depth(size_t levels, Position at) const;
  void merge(Frame& frame);

  uint32_t first_line_;
  size_t nodes_left_;
  const Limits& limits_;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, NodeRef> anchors_;
  NodeRef root_;
};

}  // namespace ripstop::dialect
