#include "proxy/upstream/shared_connection.h"

#include <utility>

#include "protocol/http2/header_block.h"
#include "runtime/reactor.h"

namespace ripstop::proxy {
namespace {

const protocol::Limits& response_limits() {
  static const protocol::Limits limits;
  return limits;
}

// The mesh's own hop keeps the scheme that the client used; a server beyond it is told how it is spoken to.
std::string_view scheme_of(const net::Stream& transport) {
  const net::TlsSession* tls = transport.tls();
  return tls != nullptr && !tls->alpn.starts_with("istio") ? "https" : "http";
}

bool is_tunnel(const protocol::RequestHead& head) {
  return head.method_kind == protocol::Method::kConnect || !head.upgrade.empty();
}

}  // namespace

SharedConnection::SharedConnection(net::StreamPtr stream, ConnectionSlot place, const net::Http2Options& options)
    : slot(std::move(place)), http2(net::Http2Connection::client(std::move(stream), options)) {}

bool SharedConnection::is_worn(uint32_t most_requests, TimePoint now) const {
  return (most_requests != 0 && requests >= most_requests) || now >= old || http2->is_draining();
}

bool SharedConnection::has_room(uint32_t most_requests, TimePoint now) const {
  return !is_worn(most_requests, now) && http2->can_open();
}

Http2Request::Http2Request(SharedConnectionRef connection) : connection_(std::move(connection)) {}

Http2Request::~Http2Request() {
  source_.reset();
  stream_.reset();
  connection_->slot.offer();
}

void Http2Request::queue_head(const protocol::RequestHead& head) {
  static thread_local protocol::FieldBlock block;
  block.clear();
  protocol::write_request(head, scheme_of(connection_->http2->transport()), block);
  const bool opens_tunnel = is_tunnel(head);
  const bool is_last = head.framing.is_empty() && !opens_tunnel;
  auto opened = connection_->http2->open(block, is_last);
  if (!opened) {
    failure_ = std::move(opened.error());
    return;
  }
  stream_ = std::move(*opened);
  source_.emplace(*stream_, response_limits());
  sink_.begin(*stream_, is_last || opens_tunnel);
  if (opens_tunnel) tunnel_.emplace(*stream_);
}

HeadStep Http2Request::broken() const {
  const auto& error = stream_ ? stream_->failure() : failure_;
  const bool is_connection = connection_->http2->failure().has_value() || connection_->http2->closed().is_set();
  return {.state = is_connection ? HeadStep::State::kCut : HeadStep::State::kReset,
          .retry = error ? error->retry : Retry::kNever};
}

HeadStep Http2Request::try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) {
  if (!stream_) return broken();
  if (!stream_->next_head()) {
    if (stream_->failure() || stream_->closed().is_set()) return broken();
    if (stream_->peer_ended()) return {.state = HeadStep::State::kFault, .fault = protocol::Fault::kPseudoFieldMissing};
    stream_->readable().clear();
    return {.state = HeadStep::State::kWouldBlock};
  }
  const bool has_ended = stream_->has_ended() && stream_->trailers().is_empty();
  const protocol::Fault fault = protocol::read_response(stream_->head(), has_ended, context, head);
  if (fault != protocol::Fault::kNone) return {.state = HeadStep::State::kFault, .fault = fault};
  connection_->knows_us = true;
  if (!head.interim) source_->begin(head.framing);
  return {.state = HeadStep::State::kDone};
}

std::string Http2Request::failure() const {
  if (failure_) return failure_->message;
  if (stream_ && stream_->failure()) return stream_->failure()->message;
  return "the stream was ended";
}

}  // namespace ripstop::proxy
