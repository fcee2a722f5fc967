#include "policy/connection/filter_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace ripstop::policy {
namespace {

// One step of the choice: entries by key, and one for chains that do not care.
template <typename Key, typename Next>
struct Level {
  std::vector<std::pair<Key, Next>> entries;  // in order of key
  std::unique_ptr<Next> any;

  Next& add(const Key& key) {
    const auto at = std::ranges::lower_bound(entries, key, {}, &std::pair<Key, Next>::first);
    if (at != entries.end() && at->first == key) return at->second;
    return entries.emplace(at, key, Next{})->second;
  }
  Next& add_any() {
    if (any == nullptr) any = std::make_unique<Next>();
    return *any;
  }
  [[nodiscard]] const Next* find(const Key& key) const {
    const auto at = std::ranges::lower_bound(entries, key, {}, &std::pair<Key, Next>::first);
    return at != entries.end() && at->first == key ? &at->second : nullptr;
  }
  [[nodiscard]] const Next* find_or_any(const Key& key) const {
    const Next* found = find(key);
    return found != nullptr ? found : any.get();
  }
};

using Protocols = Level<std::string_view, const model::FilterChain*>;
using Transports = Level<std::string_view, Protocols>;

struct Names {
  Level<std::string_view, Transports> exact;      // and `any`
  Level<std::string_view, Transports> wildcards;  // ".suffix"
};

struct Addresses {
  Level<CidrBlock, Names> blocks;
  std::vector<uint8_t> lengths;  // of the prefixes that occur, longest first
};

using Ports = Level<uint16_t, Addresses>;

IpAddress masked(const IpAddress& address, unsigned bits) {
  std::array<uint8_t, 16> bytes{};
  const std::string_view source = address.bytes();
  for (size_t i = 0; i < source.size(); ++i) {
    const unsigned kept = std::min(8U, bits);
    bytes[i] = static_cast<uint8_t>(static_cast<uint8_t>(source[i]) & (0xFF00U >> kept));
    bits -= kept;
  }
  if (!address.is_v4()) return IpAddress::v6(bytes);
  return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

const Names* find_names(const Addresses& addresses, const IpAddress& ip) {
  const size_t most = ip.bytes().size() * 8;
  for (const uint8_t length : addresses.lengths) {
    if (length > most) continue;
    if (const Names* found = addresses.blocks.find({masked(ip, length), length})) return found;
  }
  return addresses.blocks.any.get();
}

const Transports* find_transports(const Names& names, std::string_view server_name) {
  if (server_name.empty()) return names.exact.any.get();
  if (const Transports* exact = names.exact.find(server_name)) return exact;
  for (size_t dot = server_name.find('.', 1); dot < server_name.size() - 1; dot = server_name.find('.', dot + 1)) {
    if (const Transports* wildcard = names.wildcards.find(server_name.substr(dot))) return wildcard;
  }
  return names.exact.any.get();
}

const model::FilterChain* find_chain(const Protocols& protocols, std::span<const std::string_view> offered) {
  for (const std::string_view protocol : offered) {
    if (const auto* found = protocols.find(protocol)) return *found;
  }
  return protocols.any == nullptr ? nullptr : *protocols.any;
}

// Adds one chain at every place its lists reach.
class Placement {
 public:
  Placement(const model::FilterChain& chain, size_t& budget) : chain_(chain), budget_(budget) {}

  Status add_to(Ports& ports) {
    const auto& port = chain_.match.destination_port;
    return add_to(port ? ports.add(*port) : ports.add_any());
  }

 private:
  Status add_to(Addresses& addresses) {
    if (chain_.match.destination_ranges.empty()) return add_to(addresses.blocks.add_any());
    for (const CidrBlock& range : chain_.match.destination_ranges) {
      const auto at = std::ranges::lower_bound(addresses.lengths, range.prefix_bits, std::greater<>());
      if (at == addresses.lengths.end() || *at != range.prefix_bits) addresses.lengths.insert(at, range.prefix_bits);
      const CidrBlock block{masked(range.network, range.prefix_bits), range.prefix_bits};
      if (Status status = add_to(addresses.blocks.add(block)); !status) return status;
    }
    return {};
  }

  Status add_to(Names& names) {
    if (chain_.match.server_names.empty()) return add_to(names.exact.add_any());
    for (const std::string& name : chain_.match.server_names) {
      const std::string_view text = name;
      const bool is_wildcard = text.starts_with("*.");
      if (text.size() < (is_wildcard ? 3 : 1) || text.substr(is_wildcard ? 1 : 0).find('*') != std::string_view::npos ||
          to_lower(text) != text) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("server name '{}' is neither a lower-case name nor \"*.\" and a name", text));
      }
      Transports& next = is_wildcard ? names.wildcards.add(text.substr(1)) : names.exact.add(text);
      if (Status status = add_to(next); !status) return status;
    }
    return {};
  }

  Status add_to(Transports& transports) {
    const std::string_view protocol = chain_.match.transport_protocol;
    return add_to(protocol.empty() ? transports.add_any() : transports.add(protocol));
  }

  Status add_to(Protocols& protocols) {
    if (chain_.match.application_protocols.empty()) return place(protocols.add_any());
    for (const std::string& protocol : chain_.match.application_protocols) {
      if (Status status = place(protocols.add(protocol)); !status) return status;
    }
    return {};
  }

  Status place(const model::FilterChain*& slot) {
    if (budget_-- == 0) {
      budget_ = 0;
      return fail(ErrorCode::kTooLarge, fmt::format("the filter chains match more than {} combinations of addresses, "
                                                    "names and protocols; give them fewer",
                                                    FilterChains::kMaxCombinations));
    }
    if (slot == &chain_) return {};
    if (slot != nullptr) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("it matches the same connections as filter chain '{}'; make them differ", slot->name));
    }
    slot = &chain_;
    return {};
  }

  const model::FilterChain& chain_;
  size_t& budget_;
};

}  // namespace

struct FilterChains::Table {
  Ports ports;
  const model::FilterChain* fallback = nullptr;
};

Result<FilterChains> FilterChains::compile(const model::Listener& listener) {
  auto table = std::make_shared<Table>();
  size_t budget = kMaxCombinations;
  for (const model::FilterChain& chain : listener.filter_chains) {
    if (Status status = Placement(chain, budget).add_to(table->ports); !status) {
      return fail(status.error().code, fmt::format("filter chain '{}' of listener '{}': {}", chain.name, listener.name,
                                                   status.error().message));
    }
  }
  if (listener.default_filter_chain) table->fallback = &*listener.default_filter_chain;
  FilterChains compiled;
  compiled.table_ = std::move(table);
  return compiled;
}

const model::FilterChain* FilterChains::choose(const ConnectionFacts& facts) const {
  const Addresses* addresses = table_->ports.find_or_any(facts.destination.port);
  const Names* names = addresses == nullptr ? nullptr : find_names(*addresses, facts.destination.ip);
  const Transports* transports = names == nullptr ? nullptr : find_transports(*names, facts.server_name);
  const Protocols* protocols = transports == nullptr ? nullptr : transports->find_or_any(facts.transport_protocol);
  const model::FilterChain* chain =
      protocols == nullptr ? nullptr : find_chain(*protocols, facts.application_protocols);
  return chain != nullptr ? chain : table_->fallback;
}

ListenerTable::ListenerTable(std::span<const model::Listener* const> listeners) {
  for (const model::Listener* listener : listeners) {
    if (listener->use_original_dst) continue;
    by_address_.emplace(listener->address, listener);
    for (const SocketAddress& address : listener->more_addresses) by_address_.emplace(address, listener);
  }
}

const model::Listener* ListenerTable::find(const SocketAddress& original_destination) const {
  if (const auto exact = by_address_.find(original_destination); exact != by_address_.end()) return exact->second;
  const uint16_t port = original_destination.port;
  if (original_destination.ip.is_v4()) {
    if (const auto any = by_address_.find({IpAddress(), port}); any != by_address_.end()) return any->second;
  }
  const auto any = by_address_.find({IpAddress::v6({}), port});
  return any == by_address_.end() ? nullptr : any->second;
}

}  // namespace ripstop::policy
