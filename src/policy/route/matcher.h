// Compiled tests of a request against model/match.h. Semantics follow Envoy's StringMatcher, HeaderMatcher,
// QueryParameterMatcher and RouteMatch.
//
// Matchers keep views into the model they were compiled from, which must outlive them. Immutable and thread-safe.
// Matching allocates nothing, save for a header sent several times with more than a kilobyte of values in all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/match.h"
#include "policy/route/regex.h"
#include "policy/route/request.h"

namespace ripstop::policy {

class StringMatcher {
 public:
  static Result<StringMatcher> compile(const model::StringMatch& match);
  static Result<StringMatcher> compile(model::StringMatch&&) = delete;
  [[nodiscard]] bool matches(std::string_view value) const;
  [[nodiscard]] model::MatchKind kind() const { return kind_; }
  [[nodiscard]] bool ignores_case() const { return ignore_case_; }
  // For kSegmentPrefix without its trailing slash, so that it is the length of what matched.
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  StringMatcher() = default;
  [[nodiscard]] bool starts(std::string_view value) const;
  [[nodiscard]] bool ends(std::string_view value) const;
  [[nodiscard]] bool contains(std::string_view value) const;

  model::MatchKind kind_ = model::MatchKind::kExact;
  bool ignore_case_ = false;
  std::string_view text_;
  Regex regex_;
};

// The value tested is all values of that name joined by "," in order of arrival. `:method`, `:path` (with the query),
// `:authority` and `:scheme` name parts of the request line; `host` is `:authority`.
//
// A missing header fails the test, inverted or not, unless
//   - the test is for presence: then absence is false, and true inverted; missing_is_empty has no say; or
//   - missing_is_empty is set: then the empty value is tested.
class HeaderMatcher {
 public:
  static Result<HeaderMatcher> compile(const model::HeaderMatch& match);
  static Result<HeaderMatcher> compile(model::HeaderMatch&&) = delete;
  [[nodiscard]] bool matches(const RequestView& request) const;

 private:
  enum class Subject : uint8_t { kField, kMethod, kPath, kAuthority, kScheme };
  HeaderMatcher(const model::HeaderMatch& match, StringMatcher value);
  [[nodiscard]] bool test(const std::optional<std::string_view>& value) const;
  [[nodiscard]] bool test_field(const HeaderLookup& headers) const;

  std::string_view name_;
  StringMatcher value_;
  Subject subject_ = Subject::kField;
  bool invert_ = false;
  bool missing_is_empty_ = false;
};

// The first parameter of that name, as sent: no percent-decoding. "a" without '=' has the empty value.
class QueryMatcher {
 public:
  static Result<QueryMatcher> compile(const model::QueryMatch& match);
  static Result<QueryMatcher> compile(model::QueryMatch&&) = delete;
  [[nodiscard]] bool matches(std::string_view query) const;

 private:
  QueryMatcher(std::string_view name, StringMatcher value) : name_(name), value_(std::move(value)) {}
  std::string_view name_;
  StringMatcher value_;
};

// All conditions of one route. The path is tested first; the others, which most routes do not have, are kept out of the
// way so that a scan over many routes stays in the cache.
class RouteMatcher {
 public:
  static Result<RouteMatcher> compile(const model::RouteMatch& match);
  static Result<RouteMatcher> compile(model::RouteMatch&&) = delete;
  [[nodiscard]] bool matches(const RequestView& request) const {
    return path_.matches(request.path) && (rest_ == nullptr || rest_->hold(request));
  }
  [[nodiscard]] const StringMatcher& path() const { return path_; }

 private:
  struct Conditions {
    std::optional<StringMatcher> method;
    std::optional<StringMatcher> authority;
    std::optional<StringMatcher> scheme;
    std::vector<HeaderMatcher> headers;
    std::vector<QueryMatcher> query;
    bool is_grpc_only = false;
    [[nodiscard]] bool hold(const RequestView& request) const;
  };

  explicit RouteMatcher(StringMatcher path) : path_(std::move(path)) {}
  static Result<std::unique_ptr<const Conditions>> compile_rest(const model::RouteMatch& match);

  StringMatcher path_;
  std::unique_ptr<const Conditions> rest_;  // nullptr: the path is all
};

}  // namespace ripstop::policy
