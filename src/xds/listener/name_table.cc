#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "istio/networking/nds/v1/nds.pb.h"
#include "xds/decode.h"
#include "xds/encode.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

namespace nds = istio::networking::nds::v1;

constexpr size_t kMaxNames = 200'000;
constexpr size_t kMaxAddressesPerName = 10'000;

std::string canonical_host(std::string_view host) {
  std::string name = to_lower(host);
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// istiod leaves the short forms to the proxy; the bare name is for the proxy's own namespace only, so it is not here.
std::vector<std::string> short_forms(const nds::NameTable::NameInfo& wire) {
  if (wire.shortname().empty() || wire.namespace_().empty()) return {};
  const std::string name = to_lower(wire.shortname()) + "." + to_lower(wire.namespace_());
  return {name, name + ".svc"};
}

model::NameTable::Entry decode_entry(const std::string& host, const nds::NameTable::NameInfo& wire, const Cursor& at) {
  model::NameTable::Entry entry;
  entry.host = canonical_host(host);
  at.check_known(wire);
  if (entry.host.empty()) at.invalid("has no name");
  if (!at.check_count("ips", static_cast<size_t>(wire.ips_size()), kMaxAddressesPerName)) return entry;
  for (int i = 0; i < wire.ips_size(); ++i) {
    if (auto ip = IpAddress::parse(wire.ips(i))) {
      entry.addresses.push_back(*ip);
    } else {
      at.item("ips", static_cast<size_t>(i)).invalid("is not an IP address");
    }
  }
  entry.alt_hosts.assign(wire.alt_hosts().begin(), wire.alt_hosts().end());
  if (entry.alt_hosts.empty()) entry.alt_hosts = short_forms(wire);
  return entry;
}

}  // namespace

Resource encode(const model::NameTable& table) {
  nds::NameTable wire;
  for (const model::NameTable::Entry& entry : table.entries) {
    auto& info = (*wire.mutable_table())[entry.host];
    for (const IpAddress& address : entry.addresses) info.add_ips(address.to_string());
    for (const std::string& host : entry.alt_hosts) info.add_alt_hosts(host);
  }
  return to_resource(type::kNameTable, "nds", wire);
}

Result<model::NameTable> decode_name_table(std::string_view body) {
  nds::NameTable wire;
  if (Status parsed = parse_body(body, "NameTable", wire); !parsed) return fail_with(parsed);
  Problems problems;
  const Cursor at("NameTable", problems);
  at.check_known(wire);
  model::NameTable table;
  if (at.check_count("table", static_cast<size_t>(wire.table_size()), kMaxNames)) {
    for (const auto& [host, info] : wire.table()) {
      table.entries.push_back(decode_entry(host, info, at.entry("table", host)));
    }
  }
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  std::ranges::sort(table.entries, {}, &model::NameTable::Entry::host);
  return table;
}

}  // namespace ripstop::xds
