// Field lines (RFC 9112 section 5, RFC 9110 section 5) and the fields of one connection (RFC 9110 section 7.6).
#pragma once

#include "protocol/http1/strictness/case.h"

namespace ripstop::protocol::strictness {

inline constexpr std::string_view kHeadBegin = "GET / HTTP/1.1\r\nHost: a\r\n";
inline constexpr std::string_view kHeadEnd = "\r\n";
inline constexpr std::string_view kLineOfBig = "B: ";
inline constexpr std::string_view kLineEnd = "\r\n";
inline constexpr std::string_view kShortLine = "x: y\r\n";
inline constexpr std::string_view kTenLines = kJoined<kShortLine, kShortLine, kShortLine, kShortLine, kShortLine,
                                                      kShortLine, kShortLine, kShortLine, kShortLine, kShortLine>;
inline constexpr std::string_view kNinetyLines =
    kJoined<kTenLines, kTenLines, kTenLines, kTenLines, kTenLines, kTenLines, kTenLines, kTenLines, kTenLines>;
inline constexpr std::string_view kNineLines = kTenLines.substr(0, 9 * kShortLine.size());
inline constexpr std::string_view kFieldsAtLimit = kJoined<kHeadBegin, kNinetyLines, kNineLines, kHeadEnd>;
inline constexpr std::string_view kFieldsOverLimit = kJoined<kHeadBegin, kNinetyLines, kTenLines, kHeadEnd>;
// Start line, Host, "B: ", two line ends.
inline constexpr size_t kBigOverhead = 25 + 3 + 2 + 2;
inline constexpr std::string_view kHeadAtLimit =
    kJoined<kHeadBegin, kLineOfBig, kRun<'b', 60 * 1024 - kBigOverhead>, kLineEnd, kHeadEnd>;
inline constexpr std::string_view kHeadOverLimit =
    kJoined<kHeadBegin, kLineOfBig, kRun<'b', 60 * 1024 - kBigOverhead + 1>, kLineEnd, kHeadEnd>;
inline constexpr std::string_view kNameEnd = ": y\r\n\r\n";
inline constexpr std::string_view kNameOverLimit = kJoined<kHeadBegin, kRun<'n', 1025>, kNameEnd>;

inline constexpr auto kFieldLines = std::to_array<Case>({
    {"no space after the colon", Kind::kRequest, "GET / HTTP/1.1\r\nHost:a\r\nX:y\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")},
    {"white space around values", Kind::kRequest, "GET / HTTP/1.1\r\nHost: \ta \t\r\nX:   y z  \r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y z\r\n\r\n")},
    {"tab after the colon", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX:\ty\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")},
    {"tab inside a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\tz\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\tz\r\n\r\n")},
    {"empty value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n")},
    {"colons in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: :y: z\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: :y: z\r\n\r\n")},
    {"UTF-8 in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n")},
    {"repeated fields stay apart and in order", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n")},
    {"every token character in a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: y\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: y\r\n\r\n")},
    {"space before the colon", Kind::kRequest, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", reject(400, "space_before_colon")},
    {"space before the colon of Content-Length", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", reject(400, "space_before_colon")},
    {"tab before the colon", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n",
     reject(400, "space_before_colon")},
    {"space inside a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
     reject(400, "field_name_syntax")},
    {"empty name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", reject(400, "field_name_empty")},
    {"line without a colon", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", reject(400, "colon_missing")},
    {"second request line between fields", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nGET /admin HTTP/1.1\r\n\r\n",
     reject(400, "colon_missing")},
    {"separator in a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX(Y): z\r\n\r\n",
     reject(400, "field_name_syntax")},
    {"quote in a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n\"X\": z\r\n\r\n",
     reject(400, "field_name_syntax")},
    {"byte beyond ASCII in a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: z\r\n\r\n",
     reject(400, "field_name_syntax")},
    {"NUL in a name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX\0: z\r\n\r\n"sv, reject(400, "nul_byte")},
    {"NUL in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"sv, reject(400, "nul_byte")},
    {"control byte in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\x01z\r\n\r\n",
     reject(400, "control_byte")},
    {"DEL in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\x7fz\r\n\r\n", reject(400, "control_byte")},
    {"vertical tab before a value", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0b"
     "chunked\r\n\r\n0\r\n\r\n",
     reject(400, "control_byte")},
    {"bare CR in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n", reject(400, "bare_cr")},
    {"bare LF in a value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\nZ: w\r\n\r\n", reject(400, "bare_lf")},
    {"field line ends with CR CR LF", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\r\n\r\n",
     reject(400, "bare_cr")},
    {"head ends with LF LF", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\n\n", reject(400, "bare_lf")},
    {"head ends with CR LF LF", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n\n", reject(400, "bare_lf")},
    {"head ends with CR LF CR", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n\rX", reject(400, "bare_cr")},
    {"white space before the first field", Kind::kRequest, "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
     reject(400, "leading_whitespace")},
    {"folded value", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", reject(400, "obs_fold")},
    {"folded value with a tab", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n",
     reject(400, "obs_fold")},
    {"framing hidden in a fold", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n", reject(400, "obs_fold")},
    {"line of white space alone", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", reject(400, "obs_fold")},
    {"a hundred fields", Kind::kRequest, kFieldsAtLimit, accept(kFieldsAtLimit)},
    {"a hundred and one fields", Kind::kRequest, kFieldsOverLimit, reject(431, "too_many_fields")},
    {"largest head", Kind::kRequest, kHeadAtLimit, accept(kHeadAtLimit)},
    {"head too large", Kind::kRequest, kHeadOverLimit, reject(431, "head_too_large")},
    {"name too long", Kind::kRequest, kNameOverLimit, reject(431, "field_name_too_long")},
    {"hop-by-hop fields stay behind", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: "
     "keep-alive\r\nX: y\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")},
    {"nominated fields stay behind", Kind::kRequest,
     "GET / HTTP/1.1\r\nX-Hop: 1\r\nHost: a\r\nConnection: x-hop, , X-Other\r\nX-Other: 2\r\nX: y\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")},
    {"Connection nominates Host", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n",
     reject(400, "connection_nominates")},
    {"Connection nominates Content-Length", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello",
     reject(400, "connection_nominates")},
    {"Connection nominates Transfer-Encoding", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     reject(400, "connection_nominates")},
    {"Connection nominates Authorization", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, authorization\r\nAuthorization: x\r\n\r\n",
     reject(400, "connection_nominates")},
    {"Connection nominates X-Forwarded-For", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For\r\n\r\n", reject(400, "connection_nominates")},
    {"Connection is not a list of tokens", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close;now\r\n\r\n",
     reject(400, "connection_syntax")},
    {"WebSocket upgrade", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nX: y\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")},
    {"upgrade that Connection does not name", Kind::kRequest, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"upgrade to one of two protocols", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket, other\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"upgrade to cleartext HTTP/2", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
     "AAMAAABk\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"upgrade in HTTP/1.0", Kind::kRequest,
     "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"upgrade with content", Kind::kRequest,
     "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
     accept("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")},
    {"TE keeps trailers and nothing else", Kind::kRequest,
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: gzip;q=0.5, trailers\r\n\r\n",
     accept("GET / HTTP/1.1\r\nHost: a\r\nte: trailers\r\nconnection: te\r\n\r\n")},
});

}  // namespace ripstop::protocol::strictness
