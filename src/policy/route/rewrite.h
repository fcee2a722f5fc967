// What a route makes of the request's path: rewriting towards the upstream, and the Location of a redirect.
// Results are written into a string the caller reuses, so the steady path allocates nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/route/route_table.h"

namespace ripstop::policy {

// A rewritten path longer than this is refused with kTooLarge: a substitution may multiply what it matched.
inline constexpr size_t kMaxRewrittenPath = 64 * 1024;

// Compiles the expression and checks that the substitution fits it and puts nothing into a path that may not stand
// there.
[[nodiscard]] Result<Regex> compile_rewrite(const model::RegexRewrite& rewrite);

// Fails with kInvalidArgument when a rewrite or a redirect would write bytes that end a field or a request line.
[[nodiscard]] Status check_rewrites(const model::RouteAction& action);

// The path to send upstream, without the query: `path` itself when the route rewrites nothing, else a view of
// `storage`.
//   prefix_rewrite   takes the place of what the route's path match matched: the text of a prefix, the whole path for
//                    every other kind. Empty means no rewriting. Slashes are not tidied: "/a" -> "/" makes "//b" of
//                    "/a/b", as in Envoy.
//   regex_rewrite    every match in the path is replaced; \0 to \9 are the match and its groups.
// A result that does not begin with '/' gets one in front (RFC 9112 section 3.2.1).
[[nodiscard]] Result<std::string_view> rewrite_path(const CompiledRoute& route, std::string_view path,
                                                    std::string& storage);

// The absolute URI for the Location header of the route's Redirect action, into `location`.
// The authority keeps its port unless the redirect sets one, or changes a scheme whose default port it was. A path with
// a query of its own replaces the request's query; else the query is kept unless strip_query.
[[nodiscard]] Status redirect_location(const CompiledRoute& route, const RequestView& request, std::string& location);

}  // namespace ripstop::policy
