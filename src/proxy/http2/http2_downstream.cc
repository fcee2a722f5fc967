#include "proxy/http2/http2_downstream.h"

#include "protocol/http2/header_block.h"

namespace ripstop::proxy {
namespace {

// Heads are handed to the connection at once, so the thread needs one block for all of them.
protocol::FieldBlock& spare_block() {
  static thread_local protocol::FieldBlock block;
  block.clear();
  return block;
}

}  // namespace

protocol::Fault Http2Downstream::read_head(protocol::RequestHead& request) {
  const bool has_ended = stream_.has_ended() && stream_.trailers().is_empty();
  const protocol::Fault fault = protocol::read_request(stream_.head(), has_ended, rules_, request);
  const bool is_tunnel = request.method_kind == protocol::Method::kConnect || !request.upgrade.empty();
  if (is_tunnel) {
    source_.begin_tunnel();
  } else {
    source_.begin(request.framing);
  }
  return fault;
}

void Http2Downstream::queue_response(protocol::ResponseHead& head) {
  protocol::FieldBlock& block = spare_block();
  protocol::write_response(head, block);
  const bool is_last = head.framing.is_empty() && !head.tunnel;
  if (!stream_.write_head(block, is_last)) return sink_.fail();
  sink_.begin(stream_, is_last || head.tunnel);
}

void Http2Downstream::queue_interim(const protocol::ResponseHead& head) {
  protocol::FieldBlock& block = spare_block();
  protocol::write_response(head, block);
  if (!stream_.write_head(block)) return sink_.fail();
  sink_.begin(stream_, false);
}

}  // namespace ripstop::proxy
