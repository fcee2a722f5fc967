#include "protocol/http1/body.h"

#include <algorithm>

#include "protocol/bytes/byte_class.h"
#include "protocol/http1/field_line.h"

namespace ripstop::protocol {
namespace {

constexpr uint8_t kMaxSizeDigits = 16;
constexpr size_t kFreeChunkOverhead = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_quotable(char c) {
  return (c >= ' ' && c != 0x7F) || c == '\t';
}

// Known fields are framing, routing, credentials or content metadata, all of which come too late; what only reports on
// the content that went before may come.
bool is_allowed_trailer(FieldId id) {
  switch (id) {
    case FieldId::kOther:
    case FieldId::kGrpcStatus:
    case FieldId::kGrpcMessage:
    case FieldId::kServer:
    case FieldId::kXEnvoyUpstreamServiceTime:
    case FieldId::kXEnvoyRatelimited:
      return true;
    default:
      return false;
  }
}

}  // namespace

void ChunkedDecoder::reset() {
  state_ = State::kSize;
  digits_ = 0;
  line_size_ = overhead_ = trailer_count_ = 0;
  remaining_ = 0;
  trailer_text_.clear();
  trailer_lines_.reset();
  trailers_.clear();
}

BodyStep ChunkedDecoder::next(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    if (state_ == State::kDone) break;
    if (state_ == State::kTrailers) return read_trailers(bytes, i);
    if (state_ == State::kData) {
      const size_t size = std::min<uint64_t>(remaining_, bytes.size() - i);
      remaining_ -= size;
      if (remaining_ == 0) state_ = State::kDataCr;
      return {.state = BodyStep::State::kData, .consumed = i + size, .data = bytes.substr(i, size)};
    }
    const bool at_data_end = state_ == State::kDataCr || state_ == State::kDataLf;
    const Fault fault = at_data_end ? data_end(bytes[i]) : size_line(bytes[i]);
    if (fault != Fault::kNone) return fail(fault);
    ++i;
  }
  if (state_ == State::kDone) return {.state = BodyStep::State::kDone, .consumed = i};
  return {.consumed = i};
}

Fault ChunkedDecoder::data_end(char c) {
  if (c != (state_ == State::kDataCr ? '\r' : '\n')) return Fault::kChunkEnd;
  state_ = state_ == State::kDataCr ? State::kDataLf : State::kSize;
  return Fault::kNone;
}

Fault ChunkedDecoder::size_line(char c) {
  if (++line_size_ > limits_->max_chunk_line) return Fault::kChunkExtensionTooLong;
  switch (state_) {
    case State::kSize:
      return size_digit(c);
    case State::kSizeLf:
      return c == '\n' ? end_size_line() : Fault::kBareCr;
    default:
      return extension(c);
  }
}

Fault ChunkedDecoder::size_digit(char c) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (digits_ == kMaxSizeDigits || remaining_ >> 59 != 0) return Fault::kChunkSizeOverflow;
    ++digits_;
    remaining_ = remaining_ << 4 | static_cast<uint64_t>(digit);
    return Fault::kNone;
  }
  if (digits_ == 0) return Fault::kChunkSizeSyntax;
  if (c == '\n') return Fault::kBareLf;
  if (c == '\r') {
    state_ = State::kSizeLf;
  } else if (c == ';') {
    state_ = State::kExtension;
  } else if (is_space(c)) {
    state_ = State::kSpace;
  } else {
    return Fault::kChunkSizeSyntax;
  }
  return Fault::kNone;
}

// chunk-ext of RFC 9112 section 7.1.1, byte by byte; a state is left when a byte cannot belong to it.
Fault ChunkedDecoder::extension(char c) {
  const auto go = [this](State next) {
    state_ = next;
    return Fault::kNone;
  };
  const bool token = kTokenBytes.has(c);
  if (c == '\n') return Fault::kBareLf;
  switch (state_) {
    case State::kSpace:
      if (c == ';') return go(State::kExtension);
      return is_space(c) ? Fault::kNone : Fault::kChunkSizeSyntax;
    case State::kExtension:
      if (token) return go(State::kExtensionName);
      return is_space(c) ? Fault::kNone : Fault::kChunkExtensionSyntax;
    case State::kExtensionName:
      if (token) return Fault::kNone;
      if (is_space(c)) return go(State::kExtensionNameSpace);
      if (c == '=') return go(State::kExtensionEquals);
      break;
    case State::kExtensionNameSpace:
      if (is_space(c)) return Fault::kNone;
      if (c == '=') return go(State::kExtensionEquals);
      return c == ';' ? go(State::kExtension) : Fault::kChunkExtensionSyntax;
    case State::kExtensionEquals:
      if (is_space(c)) return Fault::kNone;
      if (c == '"') return go(State::kExtensionQuoted);
      return token ? go(State::kExtensionValue) : Fault::kChunkExtensionSyntax;
    case State::kExtensionValue:
      if (token) return Fault::kNone;
      if (is_space(c)) return go(State::kSpace);
      break;
    case State::kExtensionQuoted:
      if (c == '"') return go(State::kExtensionEnd);
      if (c == '\\') return go(State::kExtensionEscape);
      return is_quotable(c) ? Fault::kNone : Fault::kChunkExtensionSyntax;
    case State::kExtensionEscape:
      return is_quotable(c) ? go(State::kExtensionQuoted) : Fault::kChunkExtensionSyntax;
    default:
      if (is_space(c)) return go(State::kSpace);
      break;
  }
  if (c == ';') return go(State::kExtension);
  return c == '\r' ? go(State::kSizeLf) : Fault::kChunkExtensionSyntax;
}

Fault ChunkedDecoder::end_size_line() {
  overhead_ += line_size_;
  overhead_ -= std::min<uint64_t>(overhead_, kFreeChunkOverhead + std::min<uint64_t>(remaining_, overhead_));
  if (overhead_ > limits_->max_chunk_overhead) return Fault::kChunkExtensionTooLong;
  state_ = remaining_ == 0 ? State::kTrailers : State::kData;
  line_size_ = 0;
  digits_ = 0;
  return Fault::kNone;
}

BodyStep ChunkedDecoder::read_trailers(std::string_view bytes, size_t consumed) {
  const size_t before = trailer_text_.size();
  if (before == 0 && bytes.substr(consumed).starts_with(kChunkEnd)) {
    state_ = State::kDone;
    return {.state = BodyStep::State::kDone, .consumed = consumed + kChunkEnd.size()};
  }
  trailer_text_ += bytes.substr(consumed, limits_->max_trailers - before);
  while (true) {
    const LineReader::Step line = trailer_lines_.next(trailer_text_);
    if (line.state == LineReader::State::kFault) return fail(line.fault);
    if (line.state == LineReader::State::kMore) {
      if (trailer_text_.size() == limits_->max_trailers) return fail(Fault::kTrailersTooLarge);
      return {.consumed = bytes.size()};
    }
    if (line.size == 0) break;
    const Fault fault = trailer_line(line);
    if (fault != Fault::kNone) return fail(fault);
  }
  state_ = State::kDone;
  trailers_.rebase(trailer_text_.data());
  return {.state = BodyStep::State::kDone, .consumed = consumed + trailer_lines_.consumed() - before};
}

Fault ChunkedDecoder::trailer_line(const LineReader::Step& line) {
  if (trailer_count_++ == limits_->max_trailer_fields) return Fault::kTrailersTooLarge;
  const Fault fault = parse_field_line(trailer_text_, line.begin, line.size, trailer_count_ == 1, trailers_);
  if (fault != Fault::kNone) return fault;
  return is_allowed_trailer(trailers_.slots().back().id) ? Fault::kNone : Fault::kTrailerForbidden;
}

void BodyDecoder::reset(BodyFraming framing) {
  framing_ = framing;
  remaining_ = framing.length;
  done_ = framing.is_empty();
  chunked_.reset();
}

BodyStep BodyDecoder::next(std::string_view bytes) {
  if (done_) return {.state = BodyStep::State::kDone};
  if (framing_.kind == BodyFraming::Kind::kChunked) {
    const BodyStep step = chunked_.next(bytes);
    done_ = step.state == BodyStep::State::kDone;
    return step;
  }
  if (bytes.empty()) return {};
  if (framing_.kind == BodyFraming::Kind::kUntilClose) {
    return {.state = BodyStep::State::kData, .consumed = bytes.size(), .data = bytes};
  }
  const size_t size = std::min<uint64_t>(remaining_, bytes.size());
  remaining_ -= size;
  done_ = remaining_ == 0;
  return {.state = BodyStep::State::kData, .consumed = size, .data = bytes.substr(0, size)};
}

bool BodyDecoder::end_of_stream() {
  if (framing_.kind == BodyFraming::Kind::kUntilClose) done_ = true;
  return done_;
}

ChunkPrefix::ChunkPrefix(uint64_t size) {
  if (size == 0) return;
  text_[--begin_] = '\n';
  text_[--begin_] = '\r';
  for (; size != 0; size >>= 4) text_[--begin_] = "0123456789abcdef"[size & 15];
}

}  // namespace ripstop::protocol
