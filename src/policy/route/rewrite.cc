#include "policy/route/rewrite.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace ripstop::policy {
namespace {

size_t matched_size(const CompiledRoute& route, std::string_view path) {
  const StringMatcher& match = route.match.path();
  const bool is_prefix = match.kind() == model::MatchKind::kPrefix || match.kind() == model::MatchKind::kSegmentPrefix;
  return is_prefix ? std::min(match.text().size(), path.size()) : path.size();
}

std::unexpected<Error> too_large() {
  return fail(ErrorCode::kTooLarge, "the rewritten path is longer than 64 KiB; check the route's rewrite",
              ErrorOrigin::kPolicy);
}

void append_replaced(const CompiledRoute& route, std::string_view path, std::string_view replacement,
                     std::string& out) {
  if (!replacement.starts_with('/')) out.push_back('/');
  out.append(replacement).append(path.substr(matched_size(route, path)));
}

// What RE2::GlobalReplace does, with a bound on the result and into a buffer of the caller's.
Status replace_all(const RE2& regex, const re2::StringPiece& substitution, std::string_view path, std::string& out) {
  std::array<re2::StringPiece, 10> groups;
  const int group_count = 1 + RE2::MaxSubmatch(substitution);
  const re2::StringPiece text(path.data(), path.size());
  size_t at = 0;
  const char* last_end = nullptr;
  while (at <= path.size()) {
    if (!regex.Match(text, at, path.size(), RE2::UNANCHORED, groups.data(), group_count)) break;
    const size_t begin = static_cast<size_t>(groups[0].data() - path.data());
    out.append(path.substr(at, begin - at));
    if (groups[0].data() == last_end && groups[0].empty()) {
      // An empty match right behind the previous one: step over a byte, or it would be found for ever.
      if (begin < path.size()) out.push_back(path[begin]);
      at = begin + 1;
      continue;
    }
    regex.Rewrite(&out, substitution, groups.data(), group_count);
    if (out.size() > kMaxRewrittenPath) return too_large();
    at = begin + groups[0].size();
    last_end = path.data() + at;
  }
  if (at < path.size()) out.append(path.substr(at));
  return {};
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

bool is_path_byte(char c) {
  return is_visible(c) && c != '?' && c != '#';
}

Status check_text(std::string_view what, std::string_view text, bool (*allows)(char)) {
  if (std::ranges::all_of(text, allows)) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the {} '{}' has a byte that may not stand there; escape it with %XX", what, text));
}

}  // namespace

Result<Regex> compile_rewrite(const model::RegexRewrite& rewrite) {
  Result<Regex> regex = compile_regex(rewrite.pattern);
  if (!regex) return regex;
  std::string error;
  if (!(*regex)->CheckRewriteString(rewrite.substitution, &error)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the substitution '{}' does not fit the expression '{}': {}",
                                                         rewrite.substitution, rewrite.pattern, error));
  }
  if (Status status = check_text("substitution", rewrite.substitution, is_path_byte); !status) {
    return fail_with(status);
  }
  return regex;
}

Status check_rewrites(const model::RouteAction& action) {
  if (const auto* forward = std::get_if<model::Forward>(&action)) {
    return check_text("prefix rewrite", forward->prefix_rewrite.value_or(""), is_path_byte);
  }
  const auto* redirect = std::get_if<model::Redirect>(&action);
  if (redirect == nullptr) return {};
  if (Status status = check_text("redirect's scheme", redirect->scheme, is_path_byte); !status) return status;
  if (Status status = check_text("redirect's host", redirect->host, is_path_byte); !status) return status;
  if (Status status = check_text("redirect's path", redirect->path.value_or(""), is_visible); !status) return status;
  return check_text("redirect's prefix rewrite", redirect->prefix_rewrite.value_or(""), is_path_byte);
}

Result<std::string_view> rewrite_path(const CompiledRoute& route, std::string_view path, std::string& storage) {
  const auto* forward = std::get_if<model::Forward>(&route.route->action);
  if (forward == nullptr) return path;
  storage.clear();
  if (forward->prefix_rewrite && !forward->prefix_rewrite->empty()) {
    append_replaced(route, path, *forward->prefix_rewrite, storage);
  } else if (route.rewrite != nullptr) {
    if (Status status = replace_all(*route.rewrite, forward->regex_rewrite->substitution, path, storage); !status) {
      return fail_with(status);
    }
    if (!storage.starts_with('/')) storage.insert(0, 1, '/');
  } else {
    return path;
  }
  if (storage.size() > kMaxRewrittenPath) return too_large();
  return storage;
}

namespace {

// The authority a redirect keeps: without its port where the redirect names one or the port was the old scheme's own.
std::string_view kept_authority(const model::Redirect& redirect, const RequestView& request) {
  const std::string_view authority = request.authority;
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) return authority;
  const std::string_view port = authority.substr(colon);
  const bool changes_scheme = !redirect.scheme.empty() && redirect.scheme != request.scheme;
  const bool was_default = (request.scheme == "http" && port == ":80") || (request.scheme == "https" && port == ":443");
  return redirect.port || (changes_scheme && was_default) ? authority.substr(0, colon) : authority;
}

}  // namespace

Status redirect_location(const CompiledRoute& route, const RequestView& request, std::string& location) {
  const auto* redirect = std::get_if<model::Redirect>(&route.route->action);
  if (redirect == nullptr) return fail(ErrorCode::kInternal, "the route does not redirect");
  location.clear();
  location.append(redirect->scheme.empty() ? request.scheme : std::string_view(redirect->scheme)).append("://");
  location.append(redirect->host.empty() ? kept_authority(*redirect, request) : std::string_view(redirect->host));
  if (redirect->port) fmt::format_to(std::back_inserter(location), ":{}", *redirect->port);
  bool has_own_query = false;
  if (redirect->path) {
    if (!redirect->path->starts_with('/')) location.push_back('/');
    location.append(*redirect->path);
    has_own_query = redirect->path->find('?') != std::string::npos;
  } else if (redirect->prefix_rewrite) {
    append_replaced(route, request.path, *redirect->prefix_rewrite, location);
  } else {
    location.append(request.path);
  }
  if (!has_own_query && !redirect->strip_query && !request.query.empty()) {
    location.append("?").append(request.query);
  }
  return location.size() <= kMaxRewrittenPath ? Status() : Status(too_large());
}

}  // namespace ripstop::policy
