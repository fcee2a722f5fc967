#include "dialect/names.h"

#include <algorithm>

#include "base/address.h"
#include "base/text.h"

namespace ripstop::dialect {
namespace {

constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxSubdomain = 253;
constexpr size_t kMaxHost = 255;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(ascii_lower(c));
}

bool is_host_label(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_dns_label(std::string_view text) {
  return is_host_label(text) && std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_dns_subdomain(std::string_view text) {
  return text.size() <= kMaxSubdomain && std::ranges::all_of(split(text, '.'), is_dns_label);
}

bool is_label_key(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!is_dns_subdomain(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return !text.empty() && is_label_value(text);
}

bool is_label_value(std::string_view text) {
  if (text.empty()) return true;
  return text.size() <= kMaxLabel && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_host(std::string_view text) {
  if (text.size() > kMaxHost) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto labels = split(text, '.');
  return std::ranges::all_of(labels, is_host_label) && !is_number(labels.back());
}

bool is_wildcard_host(std::string_view text) {
  if (text == "*") return true;
  if (!text.starts_with('*')) return is_host(text);
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('.')) text.remove_prefix(1);
  return is_host(text);
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

std::string qualified_host(std::string_view host, std::string_view ns, std::string_view dns_domain) {
  if (host.empty() || host == "*" || IpAddress::parse(host)) return std::string(host);
  std::string name = to_lower(host);
  if (name.find('.') == std::string::npos) {
    return name + "." + std::string(ns) + ".svc." + std::string(dns_domain);
  }
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool covers(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with('*')) return pattern == host;
  return host.ends_with(pattern.substr(1));
}

}  // namespace ripstop::dialect
