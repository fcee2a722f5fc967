#include "proxy/http2/spare_fields.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace ripstop::proxy {
namespace {

constexpr size_t kKept = 256;

std::vector<std::unique_ptr<protocol::Fields>>& spare() {
  static thread_local std::vector<std::unique_ptr<protocol::Fields>> all;
  return all;
}

}  // namespace

void KeepSpareFields::operator()(protocol::Fields* fields) const {
  std::unique_ptr<protocol::Fields> owned(fields);
  if (spare().size() >= kKept) return;
  owned->clear();
  spare().push_back(std::move(owned));
}

SpareFields take_spare_fields() {
  if (spare().empty()) return SpareFields(new protocol::Fields);
  SpareFields taken(spare().back().release());
  spare().pop_back();
  return taken;
}

}  // namespace ripstop::proxy
