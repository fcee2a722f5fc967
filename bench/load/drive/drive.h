// Drives a proxy for a while and tells what came of it.
#pragma once

#include <string>

#include "base/result.h"
#include "load/options.h"

namespace ripstop::load {

// A line of JSON: answers and errors, seconds, latencies in microseconds, processor time of the watched processes and
// of this one. Fails when the proxy cannot be driven at all: too many errors, or a watched process that ended.
[[nodiscard]] Result<std::string> drive(const DriveOptions& options);

}  // namespace ripstop::load
