// A small HTTP/1.1 client for the CLI and for control APIs: one request on a connection, whole or streamed response.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::net {

struct HttpClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query
  std::string authority = "localhost";
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

struct HttpClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // empty for a streamed one

  // Without regard to case; the first of that name.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
};

// A response whose body is read as it comes. Destroying it closes the connection.
class HttpResponseReader {
 public:
  virtual ~HttpResponseReader() = default;
  [[nodiscard]] virtual const HttpClientResponse& response() const = 0;
  // The next piece of the body, as it arrives; empty at its proper end. kReset when the body was cut short, kTimeout at
  // the deadline, after which it may be called again.
  virtual runtime::Task<Result<std::string>> read(TimePoint deadline) = 0;
};

// Sends the request and reads the response's head.
runtime::Task<Result<std::unique_ptr<HttpResponseReader>>> http_open(StreamPtr stream, HttpClientRequest request,
                                                                     TimePoint deadline);

// The whole exchange; kTooLarge when the body has more than `max_body` bytes.
runtime::Task<Result<HttpClientResponse>> http_fetch(StreamPtr stream, HttpClientRequest request, TimePoint deadline,
                                                     size_t max_body = 16U << 20);

}  // namespace ripstop::net
