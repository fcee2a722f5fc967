// What the bench's load program is asked for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace ripstop::load {

enum class Service : uint8_t { kHttp1, kHttp2, kEcho, kSource, kSink };

struct ServeOptions {
  Service service = Service::kHttp1;
  SocketAddress address;
  size_t content_bytes = 1024;
};

enum class Traffic : uint8_t { kHttp1, kHttp2, kEcho, kDownload, kUpload };
enum class Connections : uint8_t { kKept, kFresh };

struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string roots;
  std::string server_name;
  bool resumes = false;
};

struct DriveOptions {
  Traffic traffic = Traffic::kHttp1;
  SocketAddress address;
  size_t connections = 64;
  size_t streams = 100;        // per connection, HTTP/2 only
  std::optional<double> rate;  // requests per second in all; without: each slot sends as soon as it has its answer
  Connections reuse = Connections::kKept;
  bool holds = false;           // one request on every connection, then none until the standard input ends
  size_t content_bytes = 1024;  // what each answer must have
  std::string host = "bench.test";
  std::string path = "/bench/item";
  std::optional<TlsFiles> tls;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds duration{1500};
  std::vector<int> watched;   // process identifiers whose processor time is read
  std::string progress_file;  // gets the count of answers as eight bytes, for whoever looks on
};

}  // namespace ripstop::load
