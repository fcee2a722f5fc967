#include "policy/route/matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/text.h"

namespace ripstop::policy {
namespace {

using model::MatchKind;

bool equal_lower(char left, char right) {
  return ascii_lower(left) == ascii_lower(right);
}

// Pieces put together on the stack; on the heap only when they do not fit.
class JoinedText {
 public:
  void append(std::string_view piece) {
    if (heap_.empty() && size_ + piece.size() <= stack_.size()) {
      if (!piece.empty()) std::memcpy(stack_.data() + size_, piece.data(), piece.size());
      size_ += piece.size();
      return;
    }
    if (heap_.empty()) heap_.assign(stack_.data(), size_);
    heap_.append(piece);
  }
  [[nodiscard]] std::string_view view() const {
    return heap_.empty() ? std::string_view(stack_.data(), size_) : std::string_view(heap_);
  }

 private:
  std::array<char, 1024> stack_;
  size_t size_ = 0;
  std::string heap_;
};

std::string_view without_trailing_slash(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<StringMatcher> StringMatcher::compile(const model::StringMatch& match) {
  StringMatcher matcher;
  matcher.kind_ = match.kind;
  matcher.ignore_case_ = match.ignore_case;
  matcher.text_ = match.kind == MatchKind::kSegmentPrefix ? without_trailing_slash(match.text) : match.text;
  if (match.kind == MatchKind::kRegex) {
    Result<Regex> regex = compile_regex(match.text);
    if (!regex) return fail_with(regex);
    matcher.regex_ = std::move(*regex);
  }
  return matcher;
}

bool StringMatcher::matches(std::string_view value) const {
  switch (kind_) {
    case MatchKind::kExact:
      return value.size() == text_.size() && starts(value);
    case MatchKind::kPrefix:
      return starts(value);
    case MatchKind::kSuffix:
      return ends(value);
    case MatchKind::kContains:
      return contains(value);
    case MatchKind::kRegex:
      return full_match(*regex_, value);
    case MatchKind::kPresent:
      return true;
    case MatchKind::kSegmentPrefix:
      return starts(value) && (value.size() == text_.size() || value[text_.size()] == '/');
  }
  return false;
}

bool StringMatcher::starts(std::string_view value) const {
  if (!ignore_case_) return value.starts_with(text_);
  return value.size() >= text_.size() && std::equal(text_.begin(), text_.end(), value.begin(), equal_lower);
}

bool StringMatcher::ends(std::string_view value) const {
  if (!ignore_case_) return value.ends_with(text_);
  return value.size() >= text_.size() && std::equal(text_.rbegin(), text_.rend(), value.rbegin(), equal_lower);
}

bool StringMatcher::contains(std::string_view value) const {
  if (!ignore_case_) return value.find(text_) != std::string_view::npos;
  return std::search(value.begin(), value.end(), text_.begin(), text_.end(), equal_lower) != value.end() ||
         text_.empty();
}

HeaderMatcher::HeaderMatcher(const model::HeaderMatch& match, StringMatcher value)
    : name_(match.name), value_(std::move(value)), invert_(match.invert), missing_is_empty_(match.missing_is_empty) {
  if (equals_ignore_case(name_, ":method")) subject_ = Subject::kMethod;
  if (equals_ignore_case(name_, ":path")) subject_ = Subject::kPath;
  if (equals_ignore_case(name_, ":scheme")) subject_ = Subject::kScheme;
  if (equals_ignore_case(name_, ":authority") || equals_ignore_case(name_, "host")) subject_ = Subject::kAuthority;
}

Result<HeaderMatcher> HeaderMatcher::compile(const model::HeaderMatch& match) {
  if (match.name.empty()) return fail(ErrorCode::kInvalidArgument, "a header match has no name; set the header's name");
  Result<StringMatcher> value = StringMatcher::compile(match.value);
  if (!value) {
    return fail(value.error().code, fmt::format("in the match of header '{}': {}", match.name, value.error().message));
  }
  return HeaderMatcher(match, std::move(*value));
}

bool HeaderMatcher::test(const std::optional<std::string_view>& value) const {
  if (value_.kind() == MatchKind::kPresent) return value.has_value() != invert_;
  if (!value && !missing_is_empty_) return false;
  return value_.matches(value.value_or(std::string_view())) != invert_;
}

bool HeaderMatcher::test_field(const HeaderLookup& headers) const {
  size_t cursor = 0;
  std::string_view first;
  if (!headers.next(name_, cursor, first)) return test(std::nullopt);
  std::string_view another;
  if (!headers.next(name_, cursor, another)) return test(first);
  JoinedText joined;
  joined.append(first);
  do {
    joined.append(",");
    joined.append(another);
  } while (headers.next(name_, cursor, another));
  return test(joined.view());
}

bool HeaderMatcher::matches(const RequestView& request) const {
  switch (subject_) {
    case Subject::kField:
      return test_field(request.headers);
    case Subject::kMethod:
      return test(request.method);
    case Subject::kAuthority:
      return test(request.authority);
    case Subject::kScheme:
      return test(request.scheme);
    case Subject::kPath:
      break;
  }
  if (request.query.empty()) return test(request.path);
  JoinedText joined;
  joined.append(request.path);
  joined.append("?");
  joined.append(request.query);
  return test(joined.view());
}

Result<QueryMatcher> QueryMatcher::compile(const model::QueryMatch& match) {
  Result<StringMatcher> value = StringMatcher::compile(match.value);
  if (!value) {
    return fail(value.error().code,
                fmt::format("in the match of query parameter '{}': {}", match.name, value.error().message));
  }
  return QueryMatcher(match.name, std::move(*value));
}

bool QueryMatcher::matches(std::string_view query) const {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    const size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) == name_) {
      return value_.matches(equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1));
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return false;
}

namespace {

Status compile_optional(const std::optional<model::StringMatch>& match, std::string_view what,
                        std::optional<StringMatcher>& compiled) {
  if (!match) return {};
  Result<StringMatcher> matcher = StringMatcher::compile(*match);
  if (!matcher) {
    return fail(matcher.error().code, fmt::format("in the match of the {}: {}", what, matcher.error().message));
  }
  compiled = std::move(*matcher);
  return {};
}

}  // namespace

Result<RouteMatcher> RouteMatcher::compile(const model::RouteMatch& match) {
  Result<StringMatcher> path = StringMatcher::compile(match.path);
  if (!path) return fail(path.error().code, fmt::format("in the match of the path: {}", path.error().message));
  RouteMatcher matcher(std::move(*path));
  if (!match.method && !match.authority && !match.scheme && match.headers.empty() && match.query.empty() &&
      !match.is_grpc_only) {
    return matcher;
  }
  auto rest = compile_rest(match);
  if (!rest) return fail_with(rest);
  matcher.rest_ = std::move(*rest);
  return matcher;
}

Result<std::unique_ptr<const RouteMatcher::Conditions>> RouteMatcher::compile_rest(const model::RouteMatch& match) {
  auto rest = std::make_unique<Conditions>();
  if (Status status = compile_optional(match.method, "method", rest->method); !status) return fail_with(status);
  if (Status status = compile_optional(match.authority, "authority", rest->authority); !status) {
    return fail_with(status);
  }
  if (Status status = compile_optional(match.scheme, "scheme", rest->scheme); !status) return fail_with(status);
  rest->headers.reserve(match.headers.size());
  for (const model::HeaderMatch& header : match.headers) {
    Result<HeaderMatcher> compiled = HeaderMatcher::compile(header);
    if (!compiled) return fail_with(compiled);
    rest->headers.push_back(std::move(*compiled));
  }
  rest->query.reserve(match.query.size());
  for (const model::QueryMatch& parameter : match.query) {
    Result<QueryMatcher> compiled = QueryMatcher::compile(parameter);
    if (!compiled) return fail_with(compiled);
    rest->query.push_back(std::move(*compiled));
  }
  rest->is_grpc_only = match.is_grpc_only;
  return rest;
}

bool RouteMatcher::Conditions::hold(const RequestView& request) const {
  if (method && !method->matches(request.method)) return false;
  if (authority && !authority->matches(request.authority)) return false;
  if (scheme && !scheme->matches(request.scheme)) return false;
  const auto has_header = [&](const HeaderMatcher& header) { return header.matches(request); };
  if (!std::ranges::all_of(headers, has_header)) return false;
  const auto has_parameter = [&](const QueryMatcher& parameter) { return parameter.matches(request.query); };
  if (!std::ranges::all_of(query, has_parameter)) return false;
  return !is_grpc_only || is_grpc_content_type(request.headers.first("content-type").value_or(""));
}

}  // namespace ripstop::policy
