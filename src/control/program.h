// ripstop-control as a process: its home, its ports, its signals.
#pragma once

#include "control/options.h"

namespace ripstop::control {

// Runs until SIGTERM or SIGINT; the exit status. Errors at the start are one sentence on standard error.
int run_control_plane(const Options& options);

}  // namespace ripstop::control
