// The client's half of mutual TLS 1.3, always with X25519 and AES-128-GCM, so that every proxy does the same work.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/options.h"

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace ripstop::load {

class TlsClient {
 public:
  static Result<std::unique_ptr<TlsClient>> make(const TlsFiles& files);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  // A connection that verifies the server. Where sessions are resumed it brings the newest ticket that no other
  // connection has brought; the last one is brought again rather than none.
  [[nodiscard]] std::unique_ptr<ssl_st, void (*)(ssl_st*)> make_connection();
  [[nodiscard]] static bool was_resumed(const ssl_st& connection);

 private:
  explicit TlsClient(const TlsFiles& files) : server_name_(files.server_name), resumes_(files.resumes) {}
  Status load(const TlsFiles& files);
  static int keep_session(ssl_st* connection, ssl_session_st* session);

  std::string server_name_;
  bool resumes_;
  ssl_ctx_st* context_ = nullptr;
  std::vector<ssl_session_st*> sessions_;
};

}  // namespace ripstop::load
