#include "proxy/dns/name_index.h"

#include <utility>

#include "base/text.h"

namespace ripstop::proxy::dns {
namespace {

constexpr size_t kMostServers = 3;  // as the C library
constexpr uint16_t kDnsPort = 53;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(" \t\r"); at != std::string_view::npos;) {
    const size_t end = line.find_first_of(" \t\r", at);
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(" \t\r", end);
  }
  return words;
}

}  // namespace

NameIndex::NameIndex(std::shared_ptr<const model::NameTable> table, std::vector<std::string> search)
    : table_(std::move(table)), search_(std::move(search)) {
  for (std::string& domain : search_) domain = "." + to_lower(domain);
  for (size_t i = 0; i < table_->entries.size(); ++i) add(table_->entries[i].host, i);
  // Short forms come last: a full name is never hidden by another's.
  for (size_t i = 0; i < table_->entries.size(); ++i) {
    for (const std::string& alias : table_->entries[i].alt_hosts) add(alias, i);
  }
}

void NameIndex::add(std::string_view host, size_t index) {
  std::string lower = to_lower(host);
  if (lower != host) host = lowered_.emplace_back(std::move(lower));
  if (host.starts_with("*.")) {
    wildcards_.emplace(host.substr(1), index);
  } else {
    exact_.emplace(host, index);
  }
}

std::optional<NameIndex::Found> NameIndex::find_as_is(std::string_view name) const {
  const auto found_at = [this](size_t index) {
    const model::NameTable::Entry& entry = table_->entries[index];
    return Found{entry.addresses, entry.host, !entry.alt_hosts.empty()};
  };
  if (const auto exact = exact_.find(name); exact != exact_.end()) return found_at(exact->second);
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const auto wildcard = wildcards_.find(name.substr(dot));
    if (wildcard != wildcards_.end() && dot > 0) return found_at(wildcard->second);
  }
  return std::nullopt;
}

std::optional<NameIndex::Found> NameIndex::find(std::string_view name) const {
  if (auto found = find_as_is(name)) return found;
  for (const std::string& domain : search_) {
    if (name.size() > domain.size() && name.ends_with(domain)) {
      const auto exact = exact_.find(name.substr(0, name.size() - domain.size()));
      if (exact != exact_.end()) return find_as_is(exact->first);
    }
  }
  return std::nullopt;
}

bool NameIndex::is_attribute_of_service(std::string_view name) const {
  std::string_view owner = name;
  while (owner.starts_with('_') && owner.find('.') != std::string_view::npos) owner.remove_prefix(owner.find('.') + 1);
  if (owner.size() == name.size()) return false;
  const auto found = find(owner);
  return found && found->is_of_the_mesh_alone;
}

ResolverConfig parse_resolver_config(std::string_view text) {
  ResolverConfig config;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 2) continue;
    if (words[0] == "nameserver" && config.servers.size() < kMostServers) {
      const auto address = IpAddress::parse(words[1]);
      if (address) config.servers.push_back({*address, kDnsPort});
    } else if (words[0] == "search" || words[0] == "domain") {
      config.search.clear();
      for (std::string_view domain : std::span(words).subspan(1)) {
        while (domain.ends_with('.')) domain.remove_suffix(1);
        if (!domain.empty()) config.search.emplace_back(domain);
      }
    }
  }
  return config;
}

}  // namespace ripstop::proxy::dns
