#include "dialect/document.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "dialect/scalar.h"
#include "dialect/tree_builder.h"

namespace ripstop::dialect {
namespace {

// A piece of the input between document markers.
struct Piece {
  std::string_view text;
  uint32_t line = 1;
};

// "---" or "..." at the start of a line, followed by white space or nothing, is a document marker wherever it stands
// (YAML 1.2 section 9.1.2), even inside a block scalar; so splitting by lines is exact.
bool is_marker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

bool is_blank(std::string_view line) {
  const size_t start = line.find_first_not_of(" \t\r");
  return start == std::string_view::npos || line[start] == '#';
}

// Only comments, directives and empty lines.
bool is_empty(std::string_view text) {
  return std::ranges::all_of(split(text, '\n'),
                             [](std::string_view line) { return is_blank(line) || line.starts_with('%'); });
}

std::vector<Piece> split_documents(std::string_view text, uint32_t first_line) {
  std::vector<Piece> pieces;
  size_t start = 0;
  uint32_t start_line = first_line;
  uint32_t line_number = first_line;
  const auto close = [&](size_t end) {
    const std::string_view piece = text.substr(start, end - start);
    if (!is_empty(piece)) pieces.push_back({piece, start_line});
  };
  for (size_t at = 0; at < text.size(); ++line_number) {
    const size_t next = std::min(text.find('\n', at), text.size() - 1) + 1;
    std::string_view line = text.substr(at, next - at);
    if (line.ends_with('\n')) line.remove_suffix(1);
    const bool begins = is_marker(line, "---");
    if (begins || is_marker(line, "...")) {
      close(at);
      // What follows "---" on its line belongs to the document, as in "--- {kind: List}".
      const bool keeps_line = begins && !is_blank(line.substr(3));
      start = keeps_line ? at : next;
      start_line = keeps_line ? line_number : line_number + 1;
    }
    at = next;
  }
  if (start < text.size()) close(text.size());
  return pieces;
}

model::Finding finding_of(const Refusal& refusal, std::string_view file) {
  return {.severity = model::Severity::kError,
          .code = refusal.code,
          .message = refusal.message,
          .remedy = refusal.remedy,
          .file = std::string(file),
          .line = refusal.at.line,
          .column = refusal.at.column};
}

// Helm and Go templates are YAML only after they are rendered; saying so helps more than the parser's complaint.
Refusal explain(Refusal refusal, std::string_view text) {
  if (refusal.code == kSyntaxCode && text.find("{{") != std::string_view::npos) {
    refusal.code = "document/template";
    refusal.message = "The document is a template with {{ … }}, not YAML: " + refusal.message;
    refusal.remedy = "Render it first, for instance with `helm template`, and give the result.";
  }
  return refusal;
}

// JSON writes what lies beyond U+FFFF as two escapes, "\ud83d\ude00", which YAML does not know.
std::string join_surrogates(std::string_view json) {
  std::string joined;
  joined.reserve(json.size());
  const auto half = [json](size_t at, uint32_t first) -> std::optional<uint32_t> {
    if (json.size() < at + 6 || json.substr(at, 2) != "\\u") return std::nullopt;
    const auto value = parse_number<uint32_t>(json.substr(at + 2, 4), 16);
    return value && *value >= first && *value < first + 0x400 ? std::optional(*value - first) : std::nullopt;
  };
  for (size_t at = 0; at < json.size();) {
    const auto high = half(at, 0xD800);
    const auto low = high ? half(at + 6, 0xDC00) : std::nullopt;
    if (low) {
      append_utf8(joined, 0x10000 + (*high << 10) + *low);
      at += 12;
      continue;
    }
    // An escaped backslash must not be taken for the start of an escape.
    const size_t length = json[at] == '\\' ? std::min<size_t>(2, json.size() - at) : 1;
    joined += json.substr(at, length);
    at += length;
  }
  return joined;
}

bool is_json(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && (text[start] == '{' || text[start] == '[');
}

NodeRef parse(const Piece& piece, size_t& nodes_left, const Limits& limits, Refusal& refusal) {
  const std::string text = is_json(piece.text) ? join_surrogates(piece.text) : std::string(piece.text);
  auto root = build_tree(text, piece.line, nodes_left, limits);
  if (!root) {
    refusal = explain(std::move(root.error()), piece.text);
    return nullptr;
  }
  nodes_left -= *root ? (*root)->weight : 0;
  return *std::move(root);
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : found->value.get();
}

std::string_view Node::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kInteger:
      return "an integer";
    case Kind::kFloat:
      return "a number";
    case Kind::kText:
      return "a string";
    case Kind::kMap:
      return "a mapping";
    case Kind::kList:
      return "a list";
  }
  return "something else";
}

std::vector<Document> read_documents(std::string_view file, std::string_view text, uint32_t first_line,
                                     model::Findings& findings, const Limits& limits) {
  if (text.size() > limits.bytes) {
    findings.push_back(
        finding_of({.code = "document/too-large",
                    .message = "The input has " + std::to_string(text.size()) + " bytes, more than the " +
                               std::to_string(limits.bytes) + " that are read.",
                    .remedy = "Split it into several files.",
                    .at = {first_line, 1}},
                   file));
    return {};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Document> documents;
  size_t nodes_left = limits.nodes;
  const size_t findings_before = findings.size();
  for (const Piece& piece : split_documents(text, first_line)) {
    Refusal refusal;
    if (!is_yaml_text(piece.text)) {
      refusal = {.code = "document/encoding",
                 .message = "The document is not UTF-8 text.",
                 .remedy = "Save it as UTF-8 without control characters.",
                 .at = {piece.line, 1}};
    } else if (NodeRef root = parse(piece, nodes_left, limits, refusal)) {
      documents.push_back({std::move(root), std::string(piece.text), piece.line});
    }
    if (refusal.code.empty()) continue;
    findings.push_back(finding_of(refusal, file));
    if (findings.size() - findings_before >= limits.findings) break;
  }
  return documents;
}

}  // namespace ripstop::dialect
