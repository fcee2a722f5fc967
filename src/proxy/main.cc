#include <cstdio>

#include "base/log.h"
#include "proxy/program/options.h"
#include "proxy/program/program.h"
#include "proxy/program/version.h"
#include "xds/bootstrap.h"

int main(int argc, char** argv) {
  namespace proxy = ripstop::proxy;
  auto options = proxy::parse_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "ripstop-proxy: %s\n", options.error().message.c_str());
    return 2;
  }
  if (options->wants_help) {
    std::fputs(proxy::help_text().c_str(), stdout);
    return 0;
  }
  if (options->wants_version) {
    std::printf("ripstop-proxy %s\n", proxy::kVersion);
    return 0;
  }
  ripstop::log::set_level(options->log_level);
  // Before any thread: the text is read in a child, so that what reads it is gone when the proxy serves.
  auto bootstrap = ripstop::xds::parse_in_child(options->bootstrap);
  if (!bootstrap) {
    std::fprintf(stderr, "ripstop-proxy: %s\n", bootstrap.error().message.c_str());
    return 2;
  }
  if (options->only_validates) {
    std::printf("configuration '%s' OK\n", options->bootstrap.c_str());
    return 0;
  }
  return proxy::Program(std::move(*options), std::move(*bootstrap)).run();
}
