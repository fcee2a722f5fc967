// The application behind the proxies: answers that were prepared once, whatever is asked.
#pragma once

#include "base/result.h"
#include "load/options.h"

namespace ripstop::load {

// Serves until the process is ended. Prints a line once it listens.
Status serve(const ServeOptions& options);

}  // namespace ripstop::load
