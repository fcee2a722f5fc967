// The grammars of names: Kubernetes (RFC 1123 labels and subdomains, label keys and values) and mesh hosts.
#pragma once

#include <string>
#include <string_view>

namespace ripstop::dialect {

// Lower-case letters, digits and '-', not at either end, at most 63 bytes.
[[nodiscard]] bool is_dns_label(std::string_view text);
// Labels joined by '.', at most 253 bytes: the name of a resource.
[[nodiscard]] bool is_dns_subdomain(std::string_view text);

// "app", "app.kubernetes.io/name".
[[nodiscard]] bool is_label_key(std::string_view text);
// At most 63 bytes, letters, digits, '-', '_', '.', a letter or digit at both ends; may be empty.
[[nodiscard]] bool is_label_value(std::string_view text);

// A host name of either case, with or without the final dot; its last label is not a number.
[[nodiscard]] bool is_host(std::string_view text);
// As is_host, but the first label may be "*", "*foo" or "*-foo"; "*" alone counts.
[[nodiscard]] bool is_wildcard_host(std::string_view text);

// A header's name as Istio takes it: letters, digits, '-' and '_'.
[[nodiscard]] bool is_header_name(std::string_view text);

// What a short name means in a resource: lower case, and "reviews" becomes "reviews.<ns>.svc.<dns_domain>". Names with
// a dot, IP addresses and "*" are taken as they are, without a final dot.
[[nodiscard]] std::string qualified_host(std::string_view host, std::string_view ns, std::string_view dns_domain);

// True when `pattern` (which may be "*" or start with "*") covers `host` (which may be a pattern itself).
[[nodiscard]] bool covers(std::string_view pattern, std::string_view host);

}  // namespace ripstop::dialect
