// Header edits of a route, validated once so that a codec may apply them without looking.
//
// Order is Envoy's: the weighted cluster's edits, the route's, the virtual host's, the route table's; within each
// remove, set, add. A later edit sees the work of an earlier one, so for `set` the least specific level wins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/route.h"

namespace ripstop::policy {

struct HeaderEdit {
  enum class Kind : uint8_t {
    kRemove,  // every field of that name
    kSet,     // one field in place of every field of that name
    kAdd,     // one more field at the end
  };
  Kind kind = Kind::kAdd;
  std::string name;   // lower case, a token
  std::string value;  // without control bytes, without white space at either end
  bool operator==(const HeaderEdit&) const = default;
};

using HeaderEditList = std::vector<HeaderEdit>;

// Appends the edits of one level. "%%" in a value stands for a percent sign. Fails with kInvalidArgument for a name
// that is not a token, a value with control bytes, and for the fields that belong to the codec: pseudo-headers and Host
// (routes have host_rewrite), Content-Length, and what concerns one connection only (RFC 9110 section 7.6.1). Fails
// with kUnsupported for a value with a command operator ("%REQ(x)%").
[[nodiscard]] Status append_edits(const model::HeaderEdits& edits, HeaderEditList& list);

}  // namespace ripstop::policy
