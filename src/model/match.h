// What a route, a listener or a policy tests a request against. Plain values; policy/ compiles them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ripstop::model {

enum class MatchKind : uint8_t {
  kExact,
  kPrefix,  // byte prefix: "/foo" matches "/foobar"
  kSuffix,
  kContains,
  kRegex,          // RE2, must match the whole value
  kPresent,        // any value; the text is unused
  kSegmentPrefix,  // paths only: "/foo" matches "/foo" and "/foo/bar", never "/foobar"
};

struct StringMatch {
  MatchKind kind = MatchKind::kExact;
  std::string text;
  bool ignore_case = false;  // not for kRegex, where (?i) says it
  bool operator==(const StringMatch&) const = default;
};

struct HeaderMatch {
  std::string name;  // lower case
  StringMatch value;
  bool invert = false;
  // With invert, Istio's withoutHeaders: a missing header counts as an empty one.
  bool missing_is_empty = false;
  bool operator==(const HeaderMatch&) const = default;
};

struct QueryMatch {
  std::string name;
  StringMatch value;
  bool operator==(const QueryMatch&) const = default;
};

// All that is set must hold.
struct RouteMatch {
  StringMatch path{.kind = MatchKind::kPrefix, .text = "/"};  // without the query
  std::optional<StringMatch> method;
  std::optional<StringMatch> authority;
  std::optional<StringMatch> scheme;
  std::vector<HeaderMatch> headers;
  std::vector<QueryMatch> query;
  bool is_grpc_only = false;  // content-type application/grpc…
  bool operator==(const RouteMatch&) const = default;
};

}  // namespace ripstop::model
