// Fields of trailers between two messages, each with the room it has grown to, one set per thread.
#pragma once

#include <memory>

#include "protocol/fields.h"

namespace ripstop::proxy {

struct KeepSpareFields {
  void operator()(protocol::Fields* fields) const;
};
using SpareFields = std::unique_ptr<protocol::Fields, KeepSpareFields>;

// Empty.
[[nodiscard]] SpareFields take_spare_fields();

}  // namespace ripstop::proxy
