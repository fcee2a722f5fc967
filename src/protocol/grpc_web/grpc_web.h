// gRPC-Web: gRPC for browsers, which cannot read trailers and some of which cannot read binary bodies either
// (PROTOCOL-WEB.md of gRPC). Trailers travel as a last frame of the body, and the text form is all of it in base64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/fields.h"
#include "protocol/grpc_frame.h"

namespace ripstop::protocol {

// Of application/grpc-web, application/grpc-web-text and both with a suffix.
struct GrpcWebType {
  bool is_text = false;
  std::string_view format;  // "+proto"; empty where none is named, which means the same
};

// Parameters are passed over. nullopt: something else than gRPC-Web.
[[nodiscard]] std::optional<GrpcWebType> parse_grpc_web_type(std::string_view content_type);
// The value of Accept asks for the text form.
[[nodiscard]] bool accepts_grpc_web_text(std::string_view accept);
// Content type of an answer; `grpc_type` is the gRPC server's. nullopt: that is no gRPC.
[[nodiscard]] std::optional<std::string> grpc_web_response_type(std::string_view grpc_type, bool is_text);

// The frame that carries the trailers: one byte with the high bit set, four of length, "name:value" lines. Appended.
void append_grpc_web_trailers(const Fields& trailers, std::string& out);

// Base64 (RFC 4648 section 4) that comes in pieces cut anywhere. Padding may end any group of four, since senders
// encode message by message. Holds less than a group.
class GrpcWebTextDecoder {
 public:
  // Appends to `out` at most three bytes for every four that have come. False: this is not base64, and nothing more is
  // to be decoded.
  [[nodiscard]] bool decode(std::string_view text, std::string& out);
  // The text may end here.
  [[nodiscard]] bool at_boundary() const { return count_ == 0; }

 private:
  [[nodiscard]] bool take(char c, std::string& out);
  [[nodiscard]] bool take_padding(std::string& out);

  uint32_t bits_ = 0;
  uint32_t count_ = 0;  // characters of the group so far
  bool is_padded_ = false;
};

// The other way: gRPC frames in pieces cut anywhere. What ends with a frame is padded, so that a client can decode each
// message when it has come; in between at most two bytes are kept back.
class GrpcWebTextEncoder {
 public:
  // Appends at most four bytes for every three that have come, and four for each frame that ends.
  void encode(std::string_view frames, std::string& out);
  // What was kept back of a frame that never ended.
  void finish(std::string& out);

 private:
  void put(std::string_view bytes, std::string& out);

  std::array<char, kGrpcPrefixSize> prefix_{};
  size_t prefix_size_ = 0;
  uint32_t left_ = 0;  // of the frame whose prefix is complete
  std::array<char, 2> kept_{};
  size_t kept_size_ = 0;
};

}  // namespace ripstop::protocol
