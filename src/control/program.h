// ripstop-control put together. One thread does everything: the store's calls are short, and translation runs only when
// something has changed.
#pragma once

#include <memory>

#include "control/options.h"

namespace ripstop::control {

// Runs until SIGTERM or SIGINT; the exit status. Errors at the start are one sentence on standard error.
int run_control_plane(const Options& options);

}  // namespace ripstop::control
