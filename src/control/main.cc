#include "base/log.h"
#include "control/options.h"
#include "control/program.h"

int main(int argc, char** argv) {
  const ripstop::control::Options options = ripstop::control::parse_options(argc, argv);
  ripstop::log::set_level(options.log_level);
  return ripstop::control::run_control_plane(options);
}
