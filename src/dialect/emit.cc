#include <yaml-cpp/yaml.h>

#include "dialect/document.h"
#include "dialect/scalar.h"

namespace ripstop::dialect {
namespace {

void emit_text(YAML::Emitter& out, const std::string& text) {
  // What would read back as something else, or over several lines, goes into quotes.
  const bool needs_quotes = plain_kind(text) != Node::Kind::kText || text.find('\n') != std::string::npos;
  if (needs_quotes) out << YAML::DoubleQuoted;
  out << text;
}

void emit(YAML::Emitter& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      out << YAML::Null;
      return;
    case Node::Kind::kText:
      emit_text(out, node.text);
      return;
    case Node::Kind::kMap:
      if (node.entries.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const Node::Entry& entry : node.entries) {
        out << YAML::Key;
        emit_text(out, entry.key);
        out << YAML::Value;
        emit(out, *entry.value);
      }
      out << YAML::EndMap;
      return;
    case Node::Kind::kList:
      if (node.items.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const NodeRef& item : node.items) emit(out, *item);
      out << YAML::EndSeq;
      return;
    default:
      out << node.text;
      return;
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  YAML::Emitter out;
  emit(out, node);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace ripstop::dialect
