#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bookinfo/load.h"
#include "bookinfo/services.h"

namespace {

int load(const ripstop::bookinfo::LoadOptions& options) {
  auto tally = ripstop::bookinfo::run_load(options);
  if (!tally) {
    fmt::print(stderr, "bookinfo: {}\n", tally.error().message);
    return 1;
  }
  fmt::print("{}\n", tally->to_json());
  return 0;
}

std::pair<std::string, std::string> split_field(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  const size_t value = text.find_first_not_of(' ', colon + 1);
  return {text.substr(0, colon), value == std::string::npos ? "" : text.substr(value)};
}

}  // namespace

int main(int argc, char** argv) {
  namespace bookinfo = ripstop::bookinfo;
  CLI::App app("The sample application of a Ripstop mesh");
  app.require_subcommand(1);
  bookinfo::ServiceOptions service;
  for (const char* name : {"productpage", "details", "reviews", "ratings"}) {
    CLI::App* command = app.add_subcommand(name, std::string("Serve ") + name);
    command->add_option("--port", service.port, "port to listen on")->capture_default_str();
    command->add_option("--version", service.version, "version to answer as")->capture_default_str();
    command->callback([&service, name] { service.name = name; });
  }
  bookinfo::LoadOptions options;
  std::vector<std::string> fields;
  CLI::App* load_command = app.add_subcommand("load", "Send requests and print what came back as JSON");
  load_command->add_option("--service", options.service, "NAME:PORT")->capture_default_str();
  load_command->add_option("--target", options.target, "path")->capture_default_str();
  load_command->add_option("--requests", options.requests, "how many")->capture_default_str();
  load_command->add_option("--connections", options.connections, "side by side")->capture_default_str();
  load_command->add_option("--header", fields, "NAME: VALUE, repeatable");
  CLI11_PARSE(app, argc, argv);
  if (!load_command->parsed()) return bookinfo::serve(service);
  for (const std::string& field : fields) options.fields.push_back(split_field(field));
  return load(options);
}
