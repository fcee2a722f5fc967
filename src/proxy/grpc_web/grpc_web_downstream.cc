#include "proxy/grpc_web/grpc_web_downstream.h"

#include <utility>

namespace ripstop::proxy {

using protocol::FieldId;
using runtime::Transfer;

// Decoding overwrites the last piece, so without leave to read there is none while it may be in use.
BodyPiece GrpcWebTextSource::try_body(bool may_read) {
  if (!decoded_.empty() && !may_read) return {.state = BodyPiece::State::kWouldBlock};
  decoded_.clear();
  for (;;) {
    const BodyPiece piece = from_.try_body(may_read);
    if (piece.state == BodyPiece::State::kEnd) return end();
    if (piece.state != BodyPiece::State::kData) return piece;
    if (!decoder_.decode(piece.data, decoded_)) {
      return {.state = BodyPiece::State::kFault, .fault = protocol::Fault::kGrpcWebText};
    }
    if (piece.is_last) {
      const BodyPiece last = end();
      if (last.state != BodyPiece::State::kEnd || decoded_.empty()) return last;
    }
    if (!decoded_.empty()) return {.state = BodyPiece::State::kData, .data = decoded_, .is_last = piece.is_last};
  }
}

BodyPiece GrpcWebTextSource::end() {
  if (decoder_.at_boundary()) return {.state = BodyPiece::State::kEnd};
  return {.state = BodyPiece::State::kFault, .fault = protocol::Fault::kGrpcWebText};
}

void GrpcWebSink::queue_body(std::string_view data) {
  if (!is_text_ || !turns_trailers_) return to_.queue_body(data);
  encoder_.encode(data, encoded_);
  to_.queue_body(encoded_);
}

void GrpcWebSink::queue_end(const protocol::Fields& trailers) {
  if (std::exchange(has_ended_, true)) return;
  if (!turns_trailers_) return to_.queue_end(trailers);
  std::string frame;
  protocol::append_grpc_web_trailers(trailers, frame);
  if (is_text_) {
    encoder_.finish(last_frame_);
    encoder_.encode(frame, last_frame_);
    encoder_.finish(last_frame_);
  } else {
    last_frame_ = std::move(frame);
  }
  owes_end_ = true;
  if (to_.has_room()) queue_last_frame();
}

void GrpcWebSink::queue_last_frame() {
  owes_end_ = false;
  to_.queue_body(last_frame_);
  to_.queue_end(protocol::Fields{});
}

Transfer::State GrpcWebSink::try_flush() {
  Transfer::State sent = to_.try_flush();
  if (sent != Transfer::State::kDone) return sent;
  encoded_.clear();
  if (!owes_end_) return sent;
  queue_last_frame();
  return to_.try_flush();
}

std::unique_ptr<GrpcWebDownstream> GrpcWebDownstream::wrap(Downstream& down, protocol::RequestHead& request) {
  const auto content_type = request.fields.find(FieldId::kContentType);
  const auto type = content_type ? protocol::parse_grpc_web_type(*content_type) : std::nullopt;
  if (!type || request.method != "POST") return nullptr;
  const auto accept = request.fields.find(FieldId::kAccept);
  const bool wants_text = accept && protocol::accepts_grpc_web_text(*accept);
  const bool is_text = type->is_text;
  const std::string grpc_type = std::string("application/grpc").append(type->format);
  static_cast<void>(request.fields.set(FieldId::kContentType, grpc_type));
  static_cast<void>(request.fields.set("grpc-accept-encoding", "identity,deflate,gzip"));
  request.accepts_trailers = true;
  if (is_text && !request.framing.is_empty()) protocol::reframe(request, protocol::BodyFraming::chunked());
  return std::unique_ptr<GrpcWebDownstream>(new GrpcWebDownstream(down, is_text, wants_text));
}

void GrpcWebDownstream::queue_response(protocol::ResponseHead& head) {
  const auto upstream_type = head.fields.find(FieldId::kContentType);
  const auto type = upstream_type ? protocol::grpc_web_response_type(*upstream_type, is_text_answer_) : std::nullopt;
  if (type) static_cast<void>(head.fields.set(FieldId::kContentType, *type));
  // With the status in its head the answer has neither messages nor trailers.
  const bool has_content = type && !(head.framing.is_empty() && head.fields.has(FieldId::kGrpcStatus));
  if (has_content) protocol::reframe(head, protocol::BodyFraming::chunked());
  down_.queue_response(head);
  sink_.begin(has_content, is_text_answer_);
}

}  // namespace ripstop::proxy
