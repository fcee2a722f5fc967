// One YAML document to a tree, under budgets. The only place that knows the YAML library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "dialect/document.h"

namespace ripstop::dialect {

inline constexpr std::string_view kSyntaxCode = "document/syntax";

// Why a document is not taken.
struct Refusal {
  std::string code;
  std::string message;
  std::string remedy;
  Position at;
};

// `text` is the document, whose first line is `first_line` of its file; `nodes_left` is what remains of the budget on
// nodes. Null for an empty document.
[[nodiscard]] std::expected<NodeRef, Refusal> build_tree(const std::string& text, uint32_t first_line,
                                                         size_t nodes_left, const Limits& limits);

}  // namespace ripstop::dialect
