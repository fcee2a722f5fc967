// What decisions look at: one request, as views into whatever the codec keeps. Independent of any codec.
//
// All text is canonical by the time it gets here (the codec and `protocol/path.h` saw to that), so that routing,
// authorization and the upstream request cannot disagree about what is asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ripstop::policy {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Finds header fields by name, without regard to case, in the order they arrived. Two words and a function, so that a
// codec's own structure is searched in place instead of being copied into ours. The fields must outlive the lookup.
class HeaderLookup {
 public:
  // From `cursor` (0 at first) on, the next field called `name`: sets `value`, moves the cursor behind it, true.
  // False when there is none left.
  using Next = bool (*)(const void* fields, size_t count, std::string_view name, size_t& cursor,
                        std::string_view& value);

  // No fields.
  HeaderLookup() = default;
  HeaderLookup(const void* fields, size_t count, Next next) : fields_(fields), count_(count), next_(next) {}
  HeaderLookup(std::span<const HeaderField> fields);  // NOLINT(google-explicit-constructor): a view of the same thing

  bool next(std::string_view name, size_t& cursor, std::string_view& value) const {
    return next_ != nullptr && next_(fields_, count_, name, cursor, value);
  }
  // The first value.
  [[nodiscard]] std::optional<std::string_view> first(std::string_view name) const {
    size_t cursor = 0;
    std::string_view value;
    return next(name, cursor, value) ? std::optional(value) : std::nullopt;
  }

 private:
  const void* fields_ = nullptr;
  size_t count_ = 0;
  Next next_ = nullptr;
};

struct RequestView {
  std::string_view method;
  std::string_view scheme;     // "http" or "https"
  std::string_view authority;  // lower case, with the port if the client sent one
  std::string_view path;       // canonical, begins with '/', without the query
  std::string_view query;      // without '?'; empty when there was none
  HeaderLookup headers;
};

// "application/grpc" alone or followed by "+subtype" or ";parameters", as gRPC's HTTP/2 protocol defines it;
// application/grpc-web is something else.
[[nodiscard]] bool is_grpc_content_type(std::string_view content_type);

}  // namespace ripstop::policy
