#include "translate/pass/name_table_pass.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace ripstop::translate {

model::NameTable make_name_table(const NameTableInput& input) {
  std::set<std::string_view> full_names;
  for (const NamedService& service : input.services) full_names.insert(service.host);

  model::NameTable table;
  for (const NamedService& service : input.services) {
    if (service.addresses.empty()) continue;
    model::NameTable::Entry entry{.host = service.host, .addresses = service.addresses, .alt_hosts = {}};
    if (!service.name.empty()) {
      if (service.ns == input.client_ns) entry.alt_hosts.push_back(service.name);
      entry.alt_hosts.push_back(service.name + "." + service.ns);
      entry.alt_hosts.push_back(service.name + "." + service.ns + ".svc");
      std::erase_if(entry.alt_hosts, [&full_names](const std::string& alt) { return full_names.contains(alt); });
    }
    table.entries.push_back(std::move(entry));
  }
  return table;
}

}  // namespace ripstop::translate
