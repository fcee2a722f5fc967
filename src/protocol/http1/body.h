// Finding the content of a message in the bytes that follow its head (RFC 9112 sections 6 and 7).
//
// Call next() with what has arrived, drop `consumed` bytes, use `data`, and repeat. All bytes that belong to the
// message are consumed at once, so nothing has to be kept for the decoder; what is not consumed after kDone is the next
// message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/fault.h"
#include "protocol/fields.h"
#include "protocol/head.h"
#include "protocol/http1/line_reader.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

struct BodyStep {
  enum class State {
    kMore,  // everything was consumed; feed more bytes
    kData,  // `data` is content, a view into the bytes fed
    kDone,  // the message is complete
    kFault,
  };
  State state = State::kMore;
  size_t consumed = 0;
  std::string_view data;
  Fault fault = Fault::kNone;
};

// The chunked transfer coding, with strict sizes and extensions under budgets. Extensions are checked and dropped.
class ChunkedDecoder {
 public:
  // `limits` must outlive the decoder.
  explicit ChunkedDecoder(const Limits& limits) : limits_(&limits) {}

  [[nodiscard]] BodyStep next(std::string_view bytes);
  // Valid after kDone until reset(); fields that must not come late (framing, routing, credentials, content metadata;
  // RFC 9110 section 6.5.1) were refused.
  [[nodiscard]] const Fields& trailers() const { return trailers_; }
  void reset();

 private:
  enum class State : uint8_t {
    kSize,
    kSpace,  // white space after the size, which only an extension may follow
    kExtension,
    kExtensionName,
    kExtensionNameSpace,
    kExtensionEquals,
    kExtensionValue,
    kExtensionQuoted,
    kExtensionEscape,
    kExtensionEnd,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailers,
    kDone,
  };

  BodyStep fail(Fault fault) const { return {.state = BodyStep::State::kFault, .fault = fault}; }
  Fault size_line(char c);
  Fault size_digit(char c);
  Fault extension(char c);
  Fault data_end(char c);
  Fault end_size_line();
  BodyStep read_trailers(std::string_view bytes, size_t consumed);
  Fault trailer_line(const LineReader::Step& line);

  const Limits* limits_;
  State state_ = State::kSize;
  uint8_t digits_ = 0;
  size_t line_size_ = 0;
  size_t overhead_ = 0;
  uint64_t remaining_ = 0;
  // The trailer section has to be contiguous to be kept as fields; it is small, rare and bounded.
  std::string trailer_text_;
  LineReader trailer_lines_;
  size_t trailer_count_ = 0;
  Fields trailers_;
};

// Content under any framing.
class BodyDecoder {
 public:
  explicit BodyDecoder(const Limits& limits) : chunked_(limits) {}

  void reset(BodyFraming framing);
  [[nodiscard]] BodyStep next(std::string_view bytes);
  [[nodiscard]] bool is_done() const { return done_; }
  // The peer ended the connection: true when that is a proper end of this content, false when it was cut short.
  [[nodiscard]] bool end_of_stream();
  [[nodiscard]] const Fields& trailers() const { return chunked_.trailers(); }

 private:
  BodyFraming framing_;
  uint64_t remaining_ = 0;
  bool done_ = true;
  ChunkedDecoder chunked_;
};

// Writing the chunked coding: prefix, content, kChunkEnd, and so on; then kLastChunk, trailers, an empty line.
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n";

// "1f\r\n" for a chunk of 31 bytes. Size 0 would end the content, so it gives "".
class ChunkPrefix {
 public:
  explicit ChunkPrefix(uint64_t size);
  [[nodiscard]] std::string_view text() const { return {text_ + begin_, sizeof text_ - begin_}; }

 private:
  char text_[18];
  size_t begin_ = sizeof text_;
};

}  // namespace ripstop::protocol
