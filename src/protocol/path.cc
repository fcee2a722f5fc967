#include "protocol/path.h"

#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

// pchar of RFC 3986 section 3.3 without escapes, and the slash.
constexpr ByteClass kPlain = kUnreserved.with("!$&'()*+,;=:@/");
// Percent signs, and visible bytes that RFC 3986 does not allow in a path but that are read only one way; the latter
// are encoded.
constexpr ByteClass kEncoded = ByteClass("\"<>[]^`{|}");
constexpr ByteClass kTargetBytes = kVisible.without("#");
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

// Builds the canonical path segment by segment in the caller's storage.
class Canonicalizer {
 public:
  Canonicalizer(const PathRules& rules, std::string& out) : rules_(rules), out_(out) {}

  Fault run(std::string_view path) {
    out_.assign("/");
    segment_ = 1;
    for (size_t i = 1; i < path.size();) {
      const Fault fault = path[i] == '%' ? escape(path, i) : raw(path[i++]);
      if (fault != Fault::kNone) return fault;
    }
    return end_segment();
  }

 private:
  Fault raw(char c) {
    if (c == '/') return slash();
    if (c == '\\') return Fault::kPathByte;
    if (kEncoded.has(c) && rules_.normalize) {
      push_escape(static_cast<uint8_t>(c));
    } else {
      out_ += c;
    }
    return Fault::kNone;
  }

  Fault escape(std::string_view path, size_t& i) {
    const int high = i + 1 < path.size() ? hex_value(path[i + 1]) : -1;
    const int low = i + 2 < path.size() ? hex_value(path[i + 2]) : -1;
    if (high < 0 || low < 0) return Fault::kPathEscape;
    const auto byte = static_cast<uint8_t>(high << 4 | low);
    const std::string_view text = path.substr(i, 3);
    i += 3;
    if (byte == 0) return Fault::kPathNul;
    if (byte == '/' || byte == '\\') {
      if (rules_.escaped_slashes == PathRules::EscapedSlashes::kReject) return Fault::kPathEscapedSlash;
      if (rules_.escaped_slashes == PathRules::EscapedSlashes::kUnescape) return slash();
    }
    if (!rules_.normalize) {
      out_ += text;
    } else if (kUnreserved.has(static_cast<char>(byte))) {
      out_ += static_cast<char>(byte);
    } else {
      push_escape(byte);
    }
    return Fault::kNone;
  }

  void push_escape(uint8_t byte) {
    out_ += '%';
    out_ += kHexDigits[byte >> 4];
    out_ += kHexDigits[byte & 15];
  }

  Fault slash() {
    const Fault fault = end_segment();
    if (fault != Fault::kNone) return fault;
    const bool follows_slash = out_.size() == segment_;
    if (dot_segment_) {
      dot_segment_ = false;
      return Fault::kNone;
    }
    if (follows_slash && rules_.merge_slashes) return Fault::kNone;
    out_ += '/';
    segment_ = out_.size();
    return Fault::kNone;
  }

  // Applies the segment that ends here if it is a dot segment; then out_ ends with the slash it leads back to.
  Fault end_segment() {
    if (!rules_.normalize) return Fault::kNone;
    const std::string_view segment = std::string_view(out_).substr(segment_);
    if (segment.empty() || segment[0] != '.') return Fault::kNone;
    if (segment.starts_with(".;") || segment.starts_with("..;")) return Fault::kPathDotParameter;
    if (segment != "." && segment != "..") return Fault::kNone;
    const bool up = segment.size() == 2;
    out_.resize(segment_);
    dot_segment_ = true;
    if (!up) return Fault::kNone;
    if (segment_ == 1) return Fault::kPathAboveRoot;
    out_.pop_back();
    segment_ = out_.rfind('/') + 1;
    out_.resize(segment_);
    return Fault::kNone;
  }

  const PathRules& rules_;
  std::string& out_;
  // Where the current segment begins in out_.
  size_t segment_ = 1;
  // The segment that just ended was "." or "..", so the slash after it is already there.
  bool dot_segment_ = false;
};

bool is_canonical(std::string_view path, const PathRules& rules) {
  if (find_outside(kPlain, path) != path.size()) return false;
  if (path.find("/.") != std::string_view::npos) return false;
  return !rules.merge_slashes || path.find("//") == std::string_view::npos;
}

}  // namespace

CanonicalPath canonicalize_path(std::string_view path, const PathRules& rules, std::string& storage) {
  if (is_canonical(path, rules)) return {.path = path};
  Canonicalizer canonicalizer(rules, storage);
  const Fault fault = canonicalizer.run(path);
  if (fault != Fault::kNone) return {.fault = fault};
  return {.path = storage};
}

Fault check_target_text(std::string_view target) {
  const size_t bad = find_outside(kTargetBytes, target);
  if (bad == target.size()) return Fault::kNone;
  return target[bad] == '#' ? Fault::kTargetFragment : Fault::kTargetByte;
}

}  // namespace ripstop::protocol
