#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/tls/tls_context.h"
#include "net/tls/tls_internal.h"
#include "net/tls/tls_peers.h"
#include "runtime/memory/block_pool.h"

namespace ripstop::net {
namespace {

// A record's plain text, and the bytes asked of the socket at once: a whole record with its header and tag.
constexpr size_t kRecordBytes = 16U << 10;
constexpr size_t kReadBytes = 16U << 10;

class TlsStream final : public Stream {
 public:
  TlsStream(StreamPtr below, std::shared_ptr<const TlsContext> context, std::string session_key,
            const VerifyPeer* verify)
      : below_(std::move(below)), context_(std::move(context)), session_key_(std::move(session_key)), verify_(verify) {}

  Status start(const std::string& sni, const std::vector<std::string>& alpn);
  runtime::Task<Status> handshake(TimePoint deadline);
  void feed(std::string_view received);

  Transfer try_read(std::span<char> into) override;
  Transfer try_writev(std::span<const iovec> pieces) override;
  runtime::Event& readable() override { return *waits_for_read_; }
  runtime::Event& writable() override { return *waits_for_write_; }
  void expect_end() override { below_->expect_end(); }
  void shutdown_write() override;
  void end() override;
  void reset_on_close() override { below_->reset_on_close(); }
  void close() override { below_->close(); }
  bool has_hung_up() const override { return below_->has_hung_up(); }
  const TlsSession* tls() const override { return session_.get(); }
  SocketAddress local_address() const override { return below_->local_address(); }
  SocketAddress peer_address() const override { return below_->peer_address(); }
  std::string failure() const override { return failure_.empty() ? below_->failure() : failure_; }

 private:
  static const BIO_METHOD* bio_method();
  static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }
  int read_below(BIO* bio, char* into, int size);
  int write_below(BIO* bio, const char* from, int size);
  // Turns the result of an SSL call that moved nothing into a Transfer; `wait` is set to the event to wait on.
  Transfer settle(int result, runtime::Event*& wait);
  Status finish_handshake();
  // `reason` is the library's.
  std::unexpected<Error> handshake_failure(int reason) const;
  Status refuse(std::string reason);
  void say_goodbye();

  StreamPtr below_;
  std::shared_ptr<const TlsContext> context_;
  std::string session_key_;
  const VerifyPeer* verify_;  // until the handshake is done
  bssl::UniquePtr<SSL> ssl_;
  runtime::ByteBuffer received_;
  runtime::Event* waits_for_read_ = nullptr;
  runtime::Event* waits_for_write_ = nullptr;
  bool below_ended_ = false;
  bool sent_close_ = false;
  TlsSessionRef session_;
  std::string failure_;
  std::string refusal_;  // of the peer's chain, until the handshake has failed for it

  friend struct BioCalls;
  friend int ripstop::net::keep_tls_session(SSL*, SSL_SESSION*);
  friend ssl_verify_result_t ripstop::net::verify_tls_peer(SSL*, uint8_t*);
};

struct BioCalls {
  static int read(BIO* bio, char* into, int size) { return TlsStream::of(bio).read_below(bio, into, size); }
  static int write(BIO* bio, const char* from, int size) { return TlsStream::of(bio).write_below(bio, from, size); }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

const BIO_METHOD* TlsStream::bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ripstop stream");
    BIO_meth_set_read(made, BioCalls::read);
    BIO_meth_set_write(made, BioCalls::write);
    BIO_meth_set_ctrl(made, BioCalls::control);
    return made;
  }();
  return method;
}

// SSL_read and the other calls forget what earlier ones left in the thread's queue of errors by themselves.
//
// The library asks for a record's header and then for its body; one read from below serves both.
int TlsStream::read_below(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  if (received_.is_empty()) {
    const std::span<char> space = received_.writable(kReadBytes);
    const Transfer got = below_->try_read(space);
    if (got.state == Transfer::State::kDone) {
      received_.commit(got.bytes);
    } else {
      received_.release_if_empty();
      if (got.state == Transfer::State::kWouldBlock) BIO_set_retry_read(bio);
      below_ended_ = got.state == Transfer::State::kEnd;
      return got.state == Transfer::State::kEnd ? 0 : -1;
    }
  }
  const size_t count = std::min(static_cast<size_t>(size), received_.readable().size());
  std::memcpy(into, received_.readable().data(), count);
  received_.consume(count);
  received_.release_if_empty();
  return static_cast<int>(count);
}

int TlsStream::write_below(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const Transfer sent = below_->try_write({from, static_cast<size_t>(size)});
  if (sent.state == Transfer::State::kDone) return static_cast<int>(sent.bytes);
  if (sent.state == Transfer::State::kWouldBlock) BIO_set_retry_write(bio);
  return -1;
}

Status TlsStream::start(const std::string& sni, const std::vector<std::string>& alpn) {
  ssl_.reset(SSL_new(context_->get()));
  BIO* bio = BIO_new(bio_method());
  if (!ssl_ || bio == nullptr) {
    BIO_free(bio);
    return fail(ErrorCode::kTls, tls_error_text("cannot start TLS"));
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  // What only a handshake needs goes with it.
  SSL_set_shed_handshake_config(ssl_.get(), 1);
  waits_for_read_ = &below_->readable();
  waits_for_write_ = &below_->writable();
  if (context_->is_server()) {
    SSL_set_accept_state(ssl_.get());
    return {};
  }
  SSL_set_connect_state(ssl_.get());
  if (!sni.empty()) SSL_set_tlsext_host_name(ssl_.get(), sni.c_str());
  if (!alpn.empty()) {
    const std::vector<unsigned char> wire = to_alpn_wire(alpn);
    SSL_set_alpn_protos(ssl_.get(), wire.data(), static_cast<unsigned>(wire.size()));
  }
  if (const bssl::UniquePtr<SSL_SESSION> session(context_->take_session(session_key_)); session) {
    SSL_set_session(ssl_.get(), session.get());
  }
  return {};
}

void TlsStream::feed(std::string_view received) {
  if (received.empty()) return;
  const std::span<char> space = received_.writable(std::max(kReadBytes, received.size()));
  std::memcpy(space.data(), received.data(), received.size());
  received_.commit(received.size());
}

Transfer TlsStream::settle(int result, runtime::Event*& wait) {
  const int reason = SSL_get_error(ssl_.get(), result);
  if (reason == SSL_ERROR_WANT_READ) {
    wait = &below_->readable();
    return {Transfer::State::kWouldBlock, 0, 0};
  }
  if (reason == SSL_ERROR_WANT_WRITE) {
    wait = &below_->writable();
    return {Transfer::State::kWouldBlock, 0, 0};
  }
  if (reason == SSL_ERROR_ZERO_RETURN) return {Transfer::State::kEnd, 0, 0};
  if (ERR_peek_error() != 0) {
    failure_ = tls_error_text("TLS failed");
  } else {
    failure_ = below_ended_ ? "TLS failed: the peer closed without close_notify" : below_->failure();
  }
  return {Transfer::State::kFailed, 0, ECONNRESET};
}

std::unexpected<Error> TlsStream::handshake_failure(int reason) const {
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return fail(ErrorCode::kPermissionDenied, "the peer shows no certificate");
  }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return fail(ErrorCode::kPermissionDenied, "the peer's certificate is refused: " + refusal_);
  }
  return fail(ErrorCode::kTls, failure_.empty() ? "the peer closed during the TLS handshake" : failure_);
}

runtime::Task<Status> TlsStream::handshake(TimePoint deadline) {
  for (;;) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return finish_handshake();
    runtime::Event* wait = nullptr;
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    const Transfer step = settle(result, wait);
    if (step.state != Transfer::State::kWouldBlock) co_return handshake_failure(reason);
    if (!co_await wait->wait(deadline)) co_return fail(ErrorCode::kTimeout, "the TLS handshake took too long");
  }
}

Status TlsStream::finish_handshake() {
  auto session = context_->peers().session_of(ssl_.get(), context_->local_uri());
  if (!session) return refuse(session.error().message);
  session_ = std::move(*session);
  if (verify_ != nullptr && *verify_) {
    if (Status accepted = (*verify_)(*session_); !accepted) return refuse(accepted.error().message);
  }
  return {};
}

Status TlsStream::refuse(std::string reason) {
  SSL_send_fatal_alert(ssl_.get(), SSL_AD_ACCESS_DENIED);
  failure_ = reason;
  return fail(ErrorCode::kPermissionDenied, std::move(reason));
}

// The library is not asked where it has nothing: nearly every read that gives something is followed by one that cannot.
Transfer TlsStream::try_read(std::span<char> into) {
  if (received_.is_empty() && !below_->readable().is_set() && SSL_pending(ssl_.get()) == 0) {
    waits_for_read_ = &below_->readable();
    return {Transfer::State::kWouldBlock, 0, 0};
  }
  const int result = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  if (result > 0) return {Transfer::State::kDone, static_cast<size_t>(result), 0};
  return settle(result, waits_for_read_);
}

// One record per call at most; small pieces are gathered so that a head and its first body bytes share a record.
Transfer TlsStream::try_writev(std::span<const iovec> pieces) {
  while (!pieces.empty() && pieces.front().iov_len == 0) pieces = pieces.subspan(1);
  if (pieces.empty()) return {};
  static thread_local std::array<char, kRecordBytes> gathered;
  const char* from = static_cast<const char*>(pieces.front().iov_base);
  size_t size = std::min(pieces.front().iov_len, kRecordBytes);
  if (size < kRecordBytes && pieces.size() > 1) {
    size = 0;
    for (const iovec& piece : pieces) {
      const size_t count = std::min(piece.iov_len, kRecordBytes - size);
      std::memcpy(gathered.data() + size, piece.iov_base, count);
      size += count;
    }
    from = gathered.data();
  }
  const int result = SSL_write(ssl_.get(), from, static_cast<int>(size));
  if (result > 0) return {Transfer::State::kDone, static_cast<size_t>(result), 0};
  return settle(result, waits_for_write_);
}

void TlsStream::say_goodbye() {
  if (std::exchange(sent_close_, true)) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsStream::shutdown_write() {
  if (sent_close_) return;
  say_goodbye();
  below_->shutdown_write();
}

void TlsStream::end() {
  say_goodbye();
  below_->end();
}

}  // namespace

int keep_tls_session(SSL* ssl, SSL_SESSION* session) {
  const auto& stream = *static_cast<const TlsStream*>(SSL_get_app_data(ssl));
  stream.context_->store_session(stream.session_key_, session);
  return 1;
}

ssl_verify_result_t verify_tls_peer(SSL* ssl, uint8_t* alert) {
  auto& stream = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  const STACK_OF(CRYPTO_BUFFER)* chain = SSL_get0_peer_certificates(ssl);
  if (chain == nullptr || sk_CRYPTO_BUFFER_num(chain) == 0) return ssl_verify_invalid;
  Status verified = stream.context_->peers().verify(chain, WallClock::now(), *alert);
  if (verified) return ssl_verify_ok;
  stream.refusal_ = std::move(verified.error().message);
  return ssl_verify_invalid;
}

runtime::Task<Result<StreamPtr>> accept_tls(StreamPtr below, std::shared_ptr<const TlsContext> context,
                                            std::string received, const VerifyPeer* verify, TimePoint deadline) {
  auto stream = std::make_unique<TlsStream>(std::move(below), std::move(context), std::string(), verify);
  if (Status started = stream->start({}, {}); !started) co_return fail_with(started);
  stream->feed(received);
  if (Status shaken = co_await stream->handshake(deadline); !shaken) co_return fail_with(shaken);
  co_return std::move(stream);
}

runtime::Task<Result<StreamPtr>> connect_tls(StreamPtr below, std::shared_ptr<const TlsContext> context,
                                             TlsTarget target, TimePoint deadline) {
  auto stream =
      std::make_unique<TlsStream>(std::move(below), std::move(context), std::move(target.session_key), target.verify);
  if (Status started = stream->start(target.sni, target.alpn); !started) co_return fail_with(started);
  if (Status shaken = co_await stream->handshake(deadline); !shaken) co_return fail_with(shaken);
  co_return std::move(stream);
}

}  // namespace ripstop::net
