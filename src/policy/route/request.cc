#include "policy/route/request.h"

#include "base/text.h"

namespace ripstop::policy {
namespace {

bool next_in_span(const void* fields, size_t count, std::string_view name, size_t& cursor, std::string_view& value) {
  const auto* field = static_cast<const HeaderField*>(fields);
  while (cursor < count) {
    const HeaderField& candidate = field[cursor++];
    if (candidate.name.size() == name.size() && equals_ignore_case(candidate.name, name)) {
      value = candidate.value;
      return true;
    }
  }
  return false;
}

}  // namespace

HeaderLookup::HeaderLookup(std::span<const HeaderField> fields)
    : fields_(fields.data()), count_(fields.size()), next_(next_in_span) {}

bool is_grpc_content_type(std::string_view content_type) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (content_type.size() < kGrpc.size() || !equals_ignore_case(content_type.substr(0, kGrpc.size()), kGrpc)) {
    return false;
  }
  return content_type.size() == kGrpc.size() || content_type[kGrpc.size()] == '+' || content_type[kGrpc.size()] == ';';
}

}  // namespace ripstop::policy
