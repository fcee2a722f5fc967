#include "dialect/tree_builder.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "dialect/scalar.h"

namespace ripstop::dialect {
namespace {

constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";
constexpr std::string_view kMergeKey = "<<";
// A long text weighs as much as several nodes, so that aliases cannot multiply it without limit either.
constexpr size_t kBytesPerNode = 64;

// yaml-cpp reports plain scalars with the tag "?", quoted and block ones with "!".
Node::Kind scalar_kind(const std::string& tag, const std::string& value, Position at) {
  if (tag == "?" || tag.empty()) return plain_kind(value);
  if (tag == "!" || tag == std::string(kCoreTags) + "str") return Node::Kind::kText;
  if (tag.starts_with(kCoreTags) && !tag.ends_with(":binary")) return plain_kind(value);
  throw Refusal{.code = "document/tag",
                .message = "The tag " + tag.substr(0, 80) + " is not understood.",
                .remedy = "Leave the tag out; configuration needs none.",
                .at = at};
}

void add_to(Node& parent, const Node& child) {
  parent.weight += child.weight;
  parent.height = std::max(parent.height, child.height + 1);
}

// Throws a Refusal out of the parser when a budget is exceeded; build_tree catches it.
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

TreeBuilder::TreeBuilder(uint32_t first_line, size_t nodes_left, const Limits& limits)
    : first_line_(first_line), nodes_left_(nodes_left), limits_(limits) {}

Position TreeBuilder::position(const YAML::Mark& mark) const {
  if (mark.line < 0) return {first_line_, 1};
  return {first_line_ + static_cast<uint32_t>(mark.line), static_cast<uint32_t>(mark.column) + 1};
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  auto node = std::make_shared<Node>();
  node->at = position(mark);
  count(1, node->at);
  place(std::move(node), anchor);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  auto node = std::make_shared<Node>();
  node->at = position(mark);
  node->kind = scalar_kind(tag, value, node->at);
  node->text = value;
  node->weight = 1 + value.size() / kBytesPerNode;
  count(node->weight, node->at);
  place(std::move(node), anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Position at = position(mark);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    throw Refusal{.code = "document/alias",
                  .message = "The alias refers to a node that contains it.",
                  .remedy = "Write the value out instead of the alias.",
                  .at = at};
  }
  count(found->second->weight, at);
  check_depth(open_.size() + found->second->height, at);
  place(found->second, 0);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
  open(Node::Kind::kList, mark, tag, anchor);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  open(Node::Kind::kMap, mark, tag, anchor);
}

void TreeBuilder::open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  const Position at = position(mark);
  if (tag.size() > 1 && !tag.starts_with(kCoreTags)) scalar_kind(tag, "", at);
  if (!open_.empty() && open_.back().node->kind == Node::Kind::kMap && !open_.back().key) {
    throw Refusal{.code = std::string(kSyntaxCode),
                  .message = "A key of a mapping must be a word, not a list or a mapping.",
                  .remedy = "Put quotes around the text if the brackets belong to it.",
                  .at = at};
  }
  count(1, at);
  check_depth(open_.size() + 1, at);
  Frame frame;
  frame.node = std::make_shared<Node>();
  frame.node->kind = kind;
  frame.node->at = at;
  frame.anchor = anchor;
  open_.push_back(std::move(frame));
}

void TreeBuilder::close() {
  if (!open_.back().merges.empty()) merge(open_.back());
  Frame frame = std::move(open_.back());
  open_.pop_back();
  place(std::move(frame.node), frame.anchor);
}

void TreeBuilder::place(NodeRef node, YAML::anchor_t anchor) {
  if (anchor != 0) anchors_[anchor] = node;
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  if (frame.node->kind == Node::Kind::kList) {
    add_to(*frame.node, *node);
    frame.node->items.push_back(std::move(node));
    return;
  }
  if (!frame.key) {
    take_key(frame, *node);
    return;
  }
  add_to(*frame.node, *node);
  if (*frame.key == kMergeKey) {
    frame.merges.push_back(std::move(node));
  } else {
    frame.node->entries.push_back({std::move(*frame.key), frame.key_at, std::move(node)});
  }
  frame.key.reset();
}

void TreeBuilder::take_key(Frame& frame, const Node& node) {
  if (node.kind == Node::Kind::kMap || node.kind == Node::Kind::kList || node.text.size() > limits_.key_bytes) {
    throw Refusal{
        .code = std::string(kSyntaxCode),
        .message = "A key of a mapping must be a word of at most " + std::to_string(limits_.key_bytes) + " bytes.",
        .remedy = "Check the indentation, and whether a colon is missing.",
        .at = node.at};
  }
  if (!frame.keys.insert(node.text).second) {
    throw Refusal{.code = "document/duplicate-key",
                  .message = "The key \"" + node.text.substr(0, 80) + "\" appears twice in one mapping.",
                  .remedy = "Keep one of the two; which one would win differs between programs.",
                  .at = node.at};
  }
  frame.key = node.text;
  frame.key_at = node.at;
}

// "<<" takes over the entries of one mapping or of several; keys written in the mapping itself win, then earlier ones.
void TreeBuilder::merge(Frame& frame) {
  std::vector<NodeRef> sources;
  for (const NodeRef& value : frame.merges) {
    if (value->kind == Node::Kind::kList) sources.insert(sources.end(), value->items.begin(), value->items.end());
    if (value->kind != Node::Kind::kList) sources.push_back(value);
  }
  for (const NodeRef& source : sources) {
    if (source->kind != Node::Kind::kMap) {
      throw Refusal{.code = std::string(kSyntaxCode),
                    .message = "The merge key << takes a mapping or a list of mappings.",
                    .remedy = "Give it an alias of a mapping.",
                    .at = source->at};
    }
    for (const Node::Entry& entry : source->entries) {
      if (frame.keys.insert(entry.key).second) frame.node->entries.push_back(entry);
    }
  }
}

void TreeBuilder::count(size_t nodes, Position at) {
  if (nodes > nodes_left_) {
    throw Refusal{.code = "document/too-many-nodes",
                  .message = "The input has more than " + std::to_string(limits_.nodes) +
                             " values once its aliases are written out.",
                  .remedy = "Split it into several files, or use fewer aliases.",
                  .at = at};
  }
  nodes_left_ -= nodes;
}

void TreeBuilder::check_depth(size_t levels, Position at) const {
  if (levels <= limits_.depth) return;
  throw Refusal{.code = "document/too-deep",
                .message = "The document is nested deeper than " + std::to_string(limits_.depth) + " levels.",
                .remedy = "Check for brackets that are never closed.",
                .at = at};
}

}  // namespace

std::expected<NodeRef, Refusal> build_tree(const std::string& text, uint32_t first_line, size_t nodes_left,
                                           const Limits& limits) {
  TreeBuilder builder(first_line, nodes_left, limits);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    return builder.take_root();
  } catch (const Refusal& refusal) {
    return std::unexpected(refusal);
  } catch (const YAML::Exception& error) {
    return std::unexpected(Refusal{.code = std::string(kSyntaxCode),
                                   .message = "The document is not valid YAML: " + error.msg + ".",
                                   .remedy = "Check the indentation, the quotes and the colons here and on the line "
                                             "before.",
                                   .at = builder.position(error.mark)});
  }
}

}  // namespace ripstop::dialect
