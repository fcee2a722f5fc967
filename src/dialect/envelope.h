// apiVersion, kind and metadata of a resource whose kind is honoured.
#pragma once

#include "dialect/dialect.h"
#include "dialect/document.h"
#include "dialect/report.h"

namespace ripstop::dialect {

// The version is served, the name and the namespace follow RFC 1123, and nothing unknown stands beside `spec`.
void check_envelope(const Resource& resource, const Kind& kind, const Node& root, Report& report);

}  // namespace ripstop::dialect
