#include "protocol/grpc_web/grpc_web.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/bytes/bytes_reader.h"

namespace ripstop::protocol {
namespace {

constexpr std::string_view kGrpc = "application/grpc";
constexpr std::string_view kGrpcWeb = "application/grpc-web";
constexpr std::string_view kText = "-text";
constexpr char kTrailersFlag = '\x80';

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (size_t i = 0; i < kDigits.size(); ++i) values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint8_t>(i);
  return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

std::string_view without_parameters(std::string_view type) {
  return trim(type.substr(0, type.find(';')));
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

bool is_format(std::string_view text) {
  return text.empty() || (text.size() > 1 && text[0] == '+');
}

// Of one to three bytes; a short group is padded.
void put_group(std::string_view bytes, std::string& out) {
  const auto byte = [&](size_t i) { return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0U; };
  const uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
  const std::array<char, 4> group = {kDigits[bits >> 18], kDigits[bits >> 12 & 63],
                                     bytes.size() > 1 ? kDigits[bits >> 6 & 63] : '=',
                                     bytes.size() > 2 ? kDigits[bits & 63] : '='};
  out.append(group.data(), group.size());
}

}  // namespace

std::optional<GrpcWebType> parse_grpc_web_type(std::string_view content_type) {
  std::string_view rest = without_parameters(content_type);
  if (!has_prefix(rest, kGrpcWeb)) return std::nullopt;
  rest.remove_prefix(kGrpcWeb.size());
  const bool is_text = has_prefix(rest, kText);
  if (is_text) rest.remove_prefix(kText.size());
  if (!is_format(rest)) return std::nullopt;
  return GrpcWebType{.is_text = is_text, .format = rest};
}

bool accepts_grpc_web_text(std::string_view accept) {
  while (!accept.empty()) {
    const size_t comma = std::min(accept.find(','), accept.size());
    const auto type = parse_grpc_web_type(accept.substr(0, comma));
    if (type && type->is_text) return true;
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  return false;
}

std::optional<std::string> grpc_web_response_type(std::string_view grpc_type, bool is_text) {
  std::string_view format = without_parameters(grpc_type);
  if (!has_prefix(format, kGrpc)) return std::nullopt;
  format.remove_prefix(kGrpc.size());
  if (!is_format(format)) return std::nullopt;
  std::string type(kGrpcWeb);
  if (is_text) type += kText;
  return type.append(format.empty() ? "+proto" : format);
}

void append_grpc_web_trailers(const Fields& trailers, std::string& out) {
  const size_t begin = out.size();
  const auto placeholder = grpc_prefix(0);
  out.append(placeholder.data(), placeholder.size());
  for (const Field field : trailers) {
    std::ranges::transform(field.name, std::back_inserter(out), ascii_lower);
    out.append(":").append(field.value).append("\r\n");
  }
  auto prefix = grpc_prefix(static_cast<uint32_t>(out.size() - begin - kGrpcPrefixSize));
  prefix[0] = kTrailersFlag;
  std::ranges::copy(prefix, out.begin() + static_cast<ptrdiff_t>(begin));
}

bool GrpcWebTextDecoder::decode(std::string_view text, std::string& out) {
  return std::ranges::all_of(text, [&](char c) { return take(c, out); });
}

bool GrpcWebTextDecoder::take(char c, std::string& out) {
  if (c == '=') return take_padding(out);
  const uint8_t value = kValues[static_cast<uint8_t>(c)];
  if (value == kNoDigit || is_padded_) return false;
  bits_ = bits_ << 6 | value;
  if (++count_ < 4) return true;
  out += static_cast<char>(bits_ >> 16 & 0xFF);
  out += static_cast<char>(bits_ >> 8 & 0xFF);
  out += static_cast<char>(bits_ & 0xFF);
  bits_ = count_ = 0;
  return true;
}

// Bits that padding cuts off must be zero: no two texts stand for the same bytes.
bool GrpcWebTextDecoder::take_padding(std::string& out) {
  if (count_ == 2 && !is_padded_) {
    if ((bits_ & 0xF) != 0) return false;
    out += static_cast<char>(bits_ >> 4 & 0xFF);
    is_padded_ = true;
    ++count_;
    return true;
  }
  if (count_ != 3) return false;
  if (!is_padded_) {
    if ((bits_ & 0x3) != 0) return false;
    out += static_cast<char>(bits_ >> 10 & 0xFF);
    out += static_cast<char>(bits_ >> 2 & 0xFF);
  }
  is_padded_ = false;
  bits_ = count_ = 0;
  return true;
}

void GrpcWebTextEncoder::encode(std::string_view frames, std::string& out) {
  out.reserve(out.size() + (frames.size() + kept_size_) / 3 * 4 + 4);
  while (!frames.empty()) {
    const bool is_prefix = prefix_size_ < kGrpcPrefixSize;
    const size_t wanted = is_prefix ? kGrpcPrefixSize - prefix_size_ : left_;
    const std::string_view piece = frames.substr(0, wanted);
    put(piece, out);
    frames.remove_prefix(piece.size());
    if (is_prefix) {
      std::ranges::copy(piece, prefix_.begin() + static_cast<ptrdiff_t>(prefix_size_));
      prefix_size_ += piece.size();
      if (prefix_size_ < kGrpcPrefixSize) return;
      BytesReader prefix({prefix_.data() + 1, prefix_.size() - 1});
      left_ = prefix.u32();
    } else {
      left_ -= static_cast<uint32_t>(piece.size());
    }
    if (left_ == 0) finish(out);
  }
}

void GrpcWebTextEncoder::finish(std::string& out) {
  if (kept_size_ != 0) put_group({kept_.data(), kept_size_}, out);
  kept_size_ = 0;
  prefix_size_ = 0;
  left_ = 0;
}

void GrpcWebTextEncoder::put(std::string_view bytes, std::string& out) {
  if (kept_size_ + bytes.size() >= 3) {
    std::array<char, 3> group{};
    std::ranges::copy_n(kept_.begin(), static_cast<ptrdiff_t>(kept_size_), group.begin());
    const size_t of_bytes = group.size() - kept_size_;
    std::ranges::copy(bytes.substr(0, of_bytes), group.begin() + static_cast<ptrdiff_t>(kept_size_));
    put_group({group.data(), group.size()}, out);
    bytes.remove_prefix(of_bytes);
    kept_size_ = 0;
  }
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) put_group(bytes.substr(0, 3), out);
  for (const char byte : bytes) kept_[kept_size_++] = byte;
}

}  // namespace ripstop::protocol
