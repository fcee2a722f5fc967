#include "cli/output/document.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <nlohmann/json.hpp>

#include "dialect/scalar.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

void emit_text(YAML::Emitter& out, const std::string& text) {
  // A literal block ends with exactly one line end.
  const bool is_block = text.ends_with('\n') && !text.ends_with("\n\n") && text != "\n" && text.front() != ' ' &&
                        dialect::is_yaml_text(text);
  if (is_block) {
    out << YAML::Literal << text;
  } else if (text.find('\n') != std::string::npos || dialect::plain_kind(text) != dialect::Node::Kind::kText) {
    out << YAML::DoubleQuoted << text;
  } else {
    out << text;
  }
}

// As deep as the document, which the control plane bounds.
void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key;
      emit_text(out, key);
      out << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Json& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    emit_text(out, value.get_ref<const std::string&>());
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string render_document(std::string_view json, Format format) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded()) return std::string(json) + "\n";
  if (format != Format::kYaml) return parsed.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  emit(out, parsed);
  const std::string text = out.c_str();
  return text.ends_with('\n') ? text : text + "\n";
}

}  // namespace ripstop::cli
