#include "net/http2/http2_connection.h"

#include <utility>

#include "net/http2/http2_core.h"

namespace ripstop::net {

std::unique_ptr<Http2Connection> Http2Connection::client(StreamPtr transport, const Http2Options& options) {
  auto core = std::make_shared<Http2Core>(std::move(transport), false, nullptr, options);
  core->start({});
  return std::unique_ptr<Http2Connection>(new Http2Connection(std::move(core)));
}

std::unique_ptr<Http2Connection> Http2Connection::server(StreamPtr transport, Handler handler,
                                                         const Http2Options& options, std::string received) {
  auto core = std::make_shared<Http2Core>(std::move(transport), true, std::move(handler), options);
  core->start(std::move(received));
  return std::unique_ptr<Http2Connection>(new Http2Connection(std::move(core)));
}

Http2Connection::Http2Connection(std::shared_ptr<Http2Core> core) : core_(std::move(core)) {}

Http2Connection::~Http2Connection() {
  Http2Core::abandon(std::move(core_));
}

Result<Http2StreamPtr> Http2Connection::open(const FieldBlock& head, bool is_last) {
  return core_->open(head, is_last);
}

bool Http2Connection::can_open() const {
  return core_->can_open();
}

size_t Http2Connection::active_streams() const {
  return core_->open_streams();
}

runtime::Task<bool> Http2Connection::settle(TimePoint deadline) {
  return core_->settle(deadline);
}

bool Http2Connection::takes_extended_connect() const {
  return core_->takes_extended_connect();
}

void Http2Connection::drain() {
  core_->drain();
}

bool Http2Connection::is_draining() const {
  return core_->is_draining();
}

runtime::Event& Http2Connection::closed() {
  return core_->closed();
}

const std::optional<Error>& Http2Connection::failure() const {
  return core_->failure();
}

const Stream& Http2Connection::transport() const {
  return core_->transport();
}

}  // namespace ripstop::net
