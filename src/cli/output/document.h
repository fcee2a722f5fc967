// Machine-readable output. What is printed is built as JSON text; YAML is made from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ripstop::cli {

enum class Format : uint8_t { kTable, kJson, kYaml };

// `json` must be well formed. Pretty JSON or YAML (types survive: strings that look like something else are quoted),
// ending with a line end; kTable gives JSON.
[[nodiscard]] std::string render_document(std::string_view json, Format format);

}  // namespace ripstop::cli
