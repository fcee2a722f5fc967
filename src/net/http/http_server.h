// A small HTTP/1.1 server for admin pages and APIs: strict parsing, whole bodies under a budget, streamed replies for
// watches. Not the proxy's data path.
//
// One thread. Works over any Stream: TCP, unix-domain, TLS, memory.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "net/stream.h"
#include "protocol/head.h"
#include "protocol/limits.h"
#include "runtime/event.h"
#include "runtime/scope.h"
#include "runtime/task.h"

namespace ripstop::net {

// Valid while the handler runs.
struct HttpRequest {
  const protocol::RequestHead& head;
  std::string_view body;
  const TlsSession* tls;  // null on plain connections
  SocketAddress peer;

  [[nodiscard]] std::string_view method() const { return head.method; }
  [[nodiscard]] std::string_view path() const { return head.path; }
  // The value of one query parameter, percent-decoded; nullopt when it is absent. "a" and "a=" give "".
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const { return head.fields.find(name); }
};

// The body of a streamed reply.
class HttpBodyWriter {
 public:
  HttpBodyWriter(Stream& stream, bool is_chunked, Duration stall_timeout)
      : stream_(stream), is_chunked_(is_chunked), stall_timeout_(stall_timeout) {}

  // Sends `piece` now. An error means that the client is gone or takes nothing more.
  runtime::Task<Status> write(std::string piece);

 private:
  friend class HttpServer;
  Stream& stream_;
  bool is_chunked_;
  Duration stall_timeout_;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;  // beside content-type and framing
  // Instead of `body`: writes until it returns, and is cancelled when the client goes away. An error cuts the reply
  // off visibly.
  std::function<runtime::Task<Status>(HttpBodyWriter&)> stream = nullptr;
};

using HttpHandler = std::function<runtime::Task<HttpReply>(const HttpRequest&)>;

struct HttpServerOptions {
  protocol::RequestRules rules;
  size_t max_body = 4U << 20;
  size_t max_connections = 1000;
  Duration header_timeout = std::chrono::seconds(10);
  Duration body_timeout = std::chrono::seconds(60);
  Duration idle_timeout = std::chrono::minutes(5);
  // Without the client taking a byte of a reply.
  Duration stall_timeout = std::chrono::seconds(60);
};

class HttpServer {
 public:
  explicit HttpServer(HttpHandler handler, HttpServerOptions options = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Serves one connection until it is over. The server must outlive the task.
  runtime::Task<void> serve(StreamPtr stream);
  // Serves it in the server's own scope.
  void take(StreamPtr stream);
  // Idle connections end now, busy ones after the reply under way. Streamed replies go on until their writers return
  // or the server is destroyed.
  void drain();
  [[nodiscard]] bool is_draining() const { return is_draining_; }
  // co_await gives true once no taken connection is left.
  [[nodiscard]] runtime::Event::Awaiter join(TimePoint deadline) { return scope_.join(deadline); }
  [[nodiscard]] size_t connections() const { return scope_.size(); }

 private:
  class Connection;

  HttpHandler handler_;
  HttpServerOptions options_;
  bool is_draining_ = false;
  Connection* connections_ = nullptr;
  runtime::Scope scope_;
};

// A reply of one sentence.
[[nodiscard]] HttpReply http_text(int status, std::string text);
[[nodiscard]] HttpReply http_json(int status, std::string json);

}  // namespace ripstop::net
