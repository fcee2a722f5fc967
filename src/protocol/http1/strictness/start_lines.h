// Request lines and line ends (RFC 9112 sections 2 and 3).
#pragma once

#include "protocol/http1/strictness/case.h"

namespace ripstop::protocol::strictness {

inline constexpr std::string_view kGet = "GET /";
inline constexpr std::string_view kRestOfGet = " HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view kTargetAtLimit = kJoined<kGet, kRun<'a', 8 * 1024 - 1>, kRestOfGet>;
inline constexpr std::string_view kTargetOverLimit = kJoined<kGet, kRun<'a', 8 * 1024>, kRestOfGet>;
inline constexpr std::string_view kTargetEndless = kJoined<kGet, kRun<'a', 9 * 1024>>;
inline constexpr std::string_view kRestOfMethod = " / HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view kMethodAtLimit = kJoined<kRun<'M', 32>, kRestOfMethod>;
inline constexpr std::string_view kMethodOverLimit = kJoined<kRun<'M', 33>, kRestOfMethod>;

inline constexpr auto kStartLines = std::to_array<Case>({
    {"plain request", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"two requests in one read", Kind::kRequest, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     accept("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"unknown method", Kind::kRequest, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
     accept("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"lower-case method is another method", Kind::kRequest, "get / HTTP/1.1\r\nHost: a\r\n\r\n",
     accept("get / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"one empty line before the request line", Kind::kRequest, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"two empty lines before the request line", Kind::kRequest, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"bare LF before the request line", Kind::kRequest, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "bare_lf")},
    {"request line ends with bare LF", Kind::kRequest, "GET / HTTP/1.1\nHost: a\r\n\r\n", reject(400, "bare_lf")},
    {"request line ends with bare CR", Kind::kRequest, "GET / HTTP/1.1\rHost: a\r\n\r\n", reject(400, "bare_cr")},
    {"request line ends with CR CR LF", Kind::kRequest, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", reject(400, "bare_cr")},
    {"CR inside the request line", Kind::kRequest, "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "bare_cr")},
    {"NUL in the method", Kind::kRequest, "G\0ET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, reject(400, "nul_byte")},
    {"NUL in the target", Kind::kRequest, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv, reject(400, "nul_byte")},
    {"TLS record instead of a request", Kind::kRequest, "\x16\x03\x01\x02\x00\x01\x00\x01"sv,
     reject(400, "control_byte")},
    {"HTTP/2 preface on an HTTP/1 connection", Kind::kRequest, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     reject(505, "version_unsupported")},
    {"space before the method", Kind::kRequest, " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"two spaces after the method", Kind::kRequest, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"two spaces before the version", Kind::kRequest, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"space after the version", Kind::kRequest, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"tab instead of the first space", Kind::kRequest, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "method_syntax")},
    {"tab instead of the second space", Kind::kRequest, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"tab after the version", Kind::kRequest, "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n",
     reject(400, "request_line_syntax")},
    {"vertical tab as white space", Kind::kRequest, "GET\x0b/ HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "control_byte")},
    {"form feed as white space", Kind::kRequest, "GET /\x0cHTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "control_byte")},
    {"space in the target", Kind::kRequest, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "request_line_syntax")},
    {"second request line smuggled into the target", Kind::kRequest,
     "GET / HTTP/1.1 GET /admin HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "request_line_syntax")},
    {"HTTP/0.9 request", Kind::kRequest, "GET /\r\n", reject(400, "request_line_syntax")},
    {"method alone", Kind::kRequest, "GET\r\n", reject(400, "request_line_syntax")},
    {"empty target", Kind::kRequest, "GET  HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "request_line_syntax")},
    {"method with a separator", Kind::kRequest, "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "method_syntax")},
    {"method with a colon", Kind::kRequest, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", reject(400, "method_syntax")},
    {"method with a byte beyond ASCII", Kind::kRequest, "G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n",
     reject(400, "method_syntax")},
    {"longest method", Kind::kRequest, kMethodAtLimit, accept(kMethodAtLimit)},
    {"method too long", Kind::kRequest, kMethodOverLimit, reject(501, "method_too_long")},
    {"longest target", Kind::kRequest, kTargetAtLimit, accept(kTargetAtLimit)},
    {"target too long", Kind::kRequest, kTargetOverLimit, reject(414, "target_too_long")},
    {"target without end", Kind::kRequest, kTargetEndless, reject(414, "target_too_long")},
    {"HTTP/1.0", Kind::kRequest, "GET / HTTP/1.0\r\nHost: a\r\n\r\n", accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"HTTP/1.2", Kind::kRequest, "GET / HTTP/1.2\r\nHost: a\r\n\r\n", reject(505, "version_unsupported")},
    {"HTTP/0.9 spelled out", Kind::kRequest, "GET / HTTP/0.9\r\nHost: a\r\n\r\n", reject(505, "version_unsupported")},
    {"HTTP/2.0", Kind::kRequest, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", reject(505, "version_unsupported")},
    {"lower-case version", Kind::kRequest, "GET / http/1.1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"mixed-case version", Kind::kRequest, "GET / Http/1.1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"version without minor", Kind::kRequest, "GET / HTTP/1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"version with empty minor", Kind::kRequest, "GET / HTTP/1.\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"version with two-digit minor", Kind::kRequest, "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
     reject(400, "version_syntax")},
    {"version with leading zero", Kind::kRequest, "GET / HTTP/01.1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"version with a comma", Kind::kRequest, "GET / HTTP/1,1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"version with a plus sign", Kind::kRequest, "GET / HTTP/+1.1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"another protocol", Kind::kRequest, "GET / ICY/1.1\r\nHost: a\r\n\r\n", reject(400, "version_syntax")},
    {"unfinished request line", Kind::kRequest, "GET / HTTP/1.1", incomplete()},
    {"unfinished head", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n", incomplete()},
    {"head ends in the middle of the last line end", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n\r", incomplete()},
});

}  // namespace ripstop::protocol::strictness
