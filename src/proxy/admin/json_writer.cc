#include "proxy/admin/json_writer.h"

#include <utility>

namespace ripstop::proxy::admin {

void JsonWriter::separate() {
  if (std::exchange(needs_comma_, true)) text_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view text) {
  separate();
  text_ += text;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

// Bytes above ASCII are written as the code points of Latin-1, so that the result is valid whatever came in.
void JsonWriter::quote(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte >= 0x7F || c == '<' || c == '>' || c == '&') {
      text_.append("\\u00").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

std::string JsonWriter::take() {
  text_ += '\n';
  needs_comma_ = false;
  return std::exchange(text_, {});
}

}  // namespace ripstop::proxy::admin
