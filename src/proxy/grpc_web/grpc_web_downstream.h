// A gRPC-Web client as if it were a gRPC one, for all that follows (routing, retries, metrics, the upstream): decorates
// the client's side of one request. Behaves as Envoy's filter envoy.filters.http.grpc_web; a text answer is given only
// to who accepts it by name. Answers that are no gRPC go through as they are. CORS is none of its affairs.
#pragma once

#include <memory>
#include <string>

#include "protocol/grpc_web/grpc_web.h"
#include "proxy/exchange.h"

namespace ripstop::proxy {

// Content of a request in base64 as the bytes it stands for. Holds one piece at a time.
class GrpcWebTextSource final : public MessageSource {
 public:
  explicit GrpcWebTextSource(MessageSource& from) : from_(from) {}
  BodyPiece try_body(bool may_read) override;
  runtime::Event& readable() override { return from_.readable(); }
  [[nodiscard]] const protocol::Fields& trailers() const override { return from_.trailers(); }

 private:
  [[nodiscard]] BodyPiece end();

  MessageSource& from_;
  protocol::GrpcWebTextDecoder decoder_;
  std::string decoded_;  // given out
};

// Content of an answer, whose trailers become its last frame.
class GrpcWebSink final : public MessageSink {
 public:
  explicit GrpcWebSink(MessageSink& to) : to_(to) {}
  // The head has been queued. `has_content`: it is gRPC and more follows it.
  void begin(bool has_content, bool is_text) {
    turns_trailers_ = has_content;
    is_text_ = is_text;
  }

  void queue_body(std::string_view data) override;
  void queue_end(const protocol::Fields& trailers) override;
  // One encoded piece at a time.
  [[nodiscard]] bool has_room() const override { return encoded_.empty() && to_.has_room(); }
  [[nodiscard]] bool is_flushed() const override { return !owes_end_ && to_.is_flushed(); }
  runtime::Transfer::State try_flush() override;
  runtime::Event& writable() override { return to_.writable(); }

 private:
  void queue_last_frame();

  MessageSink& to_;
  protocol::GrpcWebTextEncoder encoder_;
  std::string encoded_;  // queued and not yet out
  std::string last_frame_;
  bool turns_trailers_ = false;
  bool is_text_ = false;
  bool has_ended_ = false;
  bool owes_end_ = false;  // the last frame waits until there is room for it
};

class GrpcWebDownstream final : public Downstream {
 public:
  // Null unless the request is gRPC-Web; else its head has been made that of a gRPC request. `down` must outlive this.
  static std::unique_ptr<GrpcWebDownstream> wrap(Downstream& down, protocol::RequestHead& request);

  MessageSource& body() override { return is_text_request_ ? source_ : down_.body(); }
  MessageSink& sink() override { return sink_; }
  void queue_response(protocol::ResponseHead& head) override;
  void queue_interim(const protocol::ResponseHead& head) override { down_.queue_interim(head); }
  [[nodiscard]] bool is_request_complete() const override { return down_.is_request_complete(); }
  [[nodiscard]] runtime::Event& activity() override { return down_.activity(); }
  [[nodiscard]] bool probe_is_gone() override { return down_.probe_is_gone(); }
  [[nodiscard]] net::Stream* tunnel_stream() override { return down_.tunnel_stream(); }
  [[nodiscard]] std::string_view early_bytes() const override { return down_.early_bytes(); }

 private:
  GrpcWebDownstream(Downstream& down, bool is_text_request, bool is_text_answer)
      : down_(down),
        is_text_request_(is_text_request),
        is_text_answer_(is_text_answer),
        source_(down.body()),
        sink_(down.sink()) {}

  Downstream& down_;
  bool is_text_request_;
  bool is_text_answer_;
  GrpcWebTextSource source_;
  GrpcWebSink sink_;
};

}  // namespace ripstop::proxy
