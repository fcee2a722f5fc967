#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>

#include "load/drive/drive.h"
#include "load/serve/serve.h"

namespace {

namespace load = ripstop::load;
using load::Service;
using load::Traffic;
using ripstop::SocketAddress;

SocketAddress address_from(const std::string& text) {
  const auto address = SocketAddress::parse(text);
  if (!address) throw CLI::ValidationError("address", address.error().message);
  return *address;
}

void describe_serve(CLI::App& app, load::ServeOptions& options) {
  static const std::map<std::string, Service> services = {{"http1", Service::kHttp1},
                                                          {"http2", Service::kHttp2},
                                                          {"echo", Service::kEcho},
                                                          {"source", Service::kSource},
                                                          {"sink", Service::kSink}};
  app.add_option_function<std::string>(
         "--listen", [&options](const std::string& text) { options.address = address_from(text); }, "ADDRESS:PORT")
      ->required();
  app.add_option("--service", options.service, "what it is")->transform(CLI::CheckedTransformer(services));
  app.add_option("--bytes", options.content_bytes, "content of an answer")->capture_default_str();
}

void describe_tls(CLI::App& app, load::DriveOptions& options, load::TlsFiles& tls) {
  CLI::Option* certificate = app.add_option("--certificate", tls.certificate, "client certificate: turns TLS 1.3 on");
  app.add_option("--key", tls.key, "of the certificate")->needs(certificate);
  app.add_option("--roots", tls.roots, "to verify the server by")->needs(certificate);
  app.add_option("--server-name", tls.server_name, "to ask for")->needs(certificate);
  app.add_flag("--resume", tls.resumes, "resume sessions")->needs(certificate);
  app.final_callback([&options, &tls] {
    if (!tls.certificate.empty()) options.tls = tls;
  });
}

void describe_drive(CLI::App& app, load::DriveOptions& options) {
  static const std::map<std::string, Traffic> kinds = {{"http1", Traffic::kHttp1},
                                                       {"http2", Traffic::kHttp2},
                                                       {"echo", Traffic::kEcho},
                                                       {"download", Traffic::kDownload},
                                                       {"upload", Traffic::kUpload}};
  app.add_option_function<std::string>(
         "--connect", [&options](const std::string& text) { options.address = address_from(text); }, "ADDRESS:PORT")
      ->required();
  app.add_option("--traffic", options.traffic, "what is sent")->transform(CLI::CheckedTransformer(kinds));
  app.add_option("--connections", options.connections, "side by side")->capture_default_str();
  app.add_option("--streams", options.streams, "per connection, HTTP/2")->capture_default_str();
  app.add_option("--rate", options.rate, "requests per second on a time table; without it as fast as answers come");
  app.add_flag_callback(
      "--fresh", [&options] { options.reuse = load::Connections::kFresh; }, "a new connection for every request");
  app.add_flag("--hold", options.holds, "one request on every connection, then keep them until the input ends");
  app.add_option("--bytes", options.content_bytes, "content that an answer must have")->capture_default_str();
  app.add_option("--host", options.host, "authority")->capture_default_str();
  app.add_option("--path", options.path, "path")->capture_default_str();
  app.add_option_function<double>(
      "--warm-up", [&options](double s) { options.warm_up = std::chrono::milliseconds(std::lround(s * 1e3)); },
      "seconds before anything counts");
  app.add_option_function<double>(
      "--seconds", [&options](double s) { options.duration = std::chrono::milliseconds(std::lround(s * 1e3)); },
      "seconds that count");
  app.add_option("--watch", options.watched, "processes whose processor time is read")->delimiter(',');
  app.add_option("--progress", options.progress_file, "file that gets the count of answers, eight bytes");
}

int tell(const std::string& why) {
  std::fprintf(stderr, "ripstop-load: %s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("The bench's upstream (serve) and its load (drive)");
  app.require_subcommand(1);
  load::ServeOptions served;
  load::DriveOptions driven;
  load::TlsFiles tls;
  CLI::App* serve_command = app.add_subcommand("serve", "Answer");
  CLI::App* drive_command = app.add_subcommand("drive", "Ask, and print what came of it as JSON");
  describe_serve(*serve_command, served);
  describe_drive(*drive_command, driven);
  describe_tls(*drive_command, driven, tls);
  CLI11_PARSE(app, argc, argv);
  if (serve_command->parsed()) return tell(load::serve(served).error().message);
  const auto report = load::drive(driven);
  if (!report) return tell(report.error().message);
  std::printf("%s\n", report->c_str());
  return 0;
}
