// Bytes to trees: YAML (several documents, YAML 1.1 scalar rules as Kubernetes reads them) and JSON, which YAML
// contains. Every node knows where it stands, so that every later finding can point at it. Hostile input is bounded by
// Limits; a document that cannot be read becomes a finding, and reading goes on with the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace ripstop::dialect {

// From 1; 0 when unknown.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

struct Node;
// Shared because an alias refers to its anchor's node; trees are immutable and without cycles.
using NodeRef = std::shared_ptr<const Node>;

struct Node {
  // Quoted and block scalars are always kText; plain ones are what YAML 1.1 says ("yes" is a boolean, "0x1f" an
  // integer).
  enum class Kind : uint8_t { kNull, kBoolean, kInteger, kFloat, kText, kMap, kList };
  struct Entry {
    std::string key;
    Position key_at;
    NodeRef value;
  };

  Kind kind = Kind::kNull;
  Position at;
  std::string text;            // scalars: the value, without quotes
  std::vector<Entry> entries;  // kMap, in the order written, keys unique
  std::vector<NodeRef> items;  // kList
  size_t weight = 1;           // nodes in this subtree, aliases expanded; long texts count as several
  uint32_t height = 1;         // levels in this subtree

  // Null when this is no map or has no such key.
  [[nodiscard]] const Node* find(std::string_view key) const;
  // "a number", "a list", … for messages.
  [[nodiscard]] std::string_view kind_name() const;
};

struct Document {
  NodeRef root;
  std::string text;         // as written, without the "---" line
  uint32_t first_line = 1;  // of `text` in its file
};

struct Limits {
  size_t bytes = size_t{8} << 20;
  uint32_t depth = 64;
  size_t nodes = 500'000;  // of all documents together, aliases expanded
  size_t key_bytes = 4096;
  size_t findings = 1000;  // reading stops after so many
};

// All documents that can be read; empty ones are left out. `file` is only for the findings.
[[nodiscard]] std::vector<Document> read_documents(std::string_view file, std::string_view text, uint32_t first_line,
                                                   model::Findings& findings, const Limits& limits = {});

// YAML that reads back as the same tree. For documents that did not stand alone, such as the items of a List.
[[nodiscard]] std::string to_yaml(const Node& node);

}  // namespace ripstop::dialect
