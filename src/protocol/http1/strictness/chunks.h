// The chunked coding and trailers (RFC 9112 section 7.1, RFC 9110 section 6.5). The rows share one head.
#pragma once

#include "protocol/http1/strictness/case.h"

namespace ripstop::protocol::strictness {

inline constexpr std::string_view kChunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr std::string_view kForwardedHead = "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n";
inline constexpr std::string_view kHello = "5\r\nhello\r\n0\r\n\r\n";
inline constexpr std::string_view kForwardedHello = kJoined<kForwardedHead, kHello>;

template <size_t size>
struct Literal {
  consteval Literal(const char (&text)[size]) {  // NOLINT(google-explicit-constructor): a string literal as argument
    for (size_t i = 0; i < size; ++i) bytes[i] = text[i];
  }
  char bytes[size];
};
template <Literal text>
inline constexpr std::string_view kText{text.bytes, sizeof text.bytes - 1};
// The chunked head and this body.
template <Literal body>
inline constexpr std::string_view kChunks = kJoined<kChunkedHead, kText<body>>;
template <Literal body>
inline constexpr std::string_view kForwarded = kJoined<kForwardedHead, kText<body>>;

inline constexpr std::string_view kLongExtensionBegin = "5;e=";
inline constexpr std::string_view kLongExtensionEnd = "\r\nhello\r\n0\r\n\r\n";
inline constexpr std::string_view kLongExtension =
    kJoined<kChunkedHead, kLongExtensionBegin, kRun<'x', 256>, kLongExtensionEnd>;
inline constexpr std::string_view kFatChunkBegin = "1;e=";
inline constexpr std::string_view kFatChunkEnd = "\r\nx\r\n";
inline constexpr std::string_view kFatChunk = kJoined<kFatChunkBegin, kRun<'x', 240>, kFatChunkEnd>;
inline constexpr std::string_view kFourFat = kJoined<kFatChunk, kFatChunk, kFatChunk, kFatChunk>;
inline constexpr std::string_view kSixteenFat = kJoined<kFourFat, kFourFat, kFourFat, kFourFat>;
inline constexpr std::string_view kEightyFat =
    kJoined<kChunkedHead, kSixteenFat, kSixteenFat, kSixteenFat, kSixteenFat, kSixteenFat>;
inline constexpr std::string_view kTrailerBegin = "0\r\nx: ";
inline constexpr std::string_view kLongTrailer = kJoined<kChunkedHead, kTrailerBegin, kRun<'x', 8 * 1024>>;
inline constexpr std::string_view kLastSize = "0\r\n";
inline constexpr std::string_view kEightTrailers = "x: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\n";
inline constexpr std::string_view kTrailerLimitEnd = "z: y\r\n\r\n";
inline constexpr std::string_view kManyTrailers =
    kJoined<kChunkedHead, kLastSize, kEightTrailers, kEightTrailers, kEightTrailers, kEightTrailers, kTrailerLimitEnd>;

inline constexpr auto kChunkRows = std::to_array<Case>({
    {"no content", Kind::kRequest, kChunks<"0\r\n\r\n">, accept(kForwarded<"0\r\n\r\n">)},
    {"several chunks", Kind::kRequest, kChunks<"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n">, accept(kForwardedHello)},
    {"request behind chunks", Kind::kRequest, kChunks<"0\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n">,
     accept(kForwarded<"0\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n">)},
    {"capital hexadecimal digits", Kind::kRequest, kChunks<"A\r\n0123456789\r\n0\r\n\r\n">,
     accept(kForwarded<"a\r\n0123456789\r\n0\r\n\r\n">)},
    {"leading zeros in a size", Kind::kRequest, kChunks<"0005\r\nhello\r\n000\r\n\r\n">, accept(kForwardedHello)},
    {"extension", Kind::kRequest, kChunks<"5;a=b;c=\"d \\\" e\";f\r\nhello\r\n0;g\r\n\r\n">, accept(kForwardedHello)},
    {"extension with bad white space", Kind::kRequest, kChunks<"5 ; a = b ; c\r\nhello\r\n0\r\n\r\n">,
     accept(kForwardedHello)},
    {"line end inside a chunk is content", Kind::kRequest, kChunks<"9\r\n0\r\n\r\nGET \r\n0\r\n\r\n">,
     accept(kForwarded<"9\r\n0\r\n\r\nGET \r\n0\r\n\r\n">)},
    {"empty size", Kind::kRequest, kChunks<"\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"extension without a size", Kind::kRequest, kChunks<";a=b\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"size with 0x", Kind::kRequest, kChunks<"0x5\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"size with a plus sign", Kind::kRequest, kChunks<"+5\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"size with a minus sign", Kind::kRequest, kChunks<"-1\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"size with a leading space", Kind::kRequest, kChunks<" 5\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"size with a trailing space", Kind::kRequest, kChunks<"5 \r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"size with a trailing tab", Kind::kRequest, kChunks<"5\t\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"size with a letter that is no digit", Kind::kRequest, kChunks<"5g\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"size with an underscore", Kind::kRequest, kChunks<"0_5\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"two sizes", Kind::kRequest, kChunks<"5 5\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"size that is 2^64 + 5", Kind::kRequest, kChunks<"10000000000000005\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_overflow")},
    {"size that is 2^63", Kind::kRequest, kChunks<"8000000000000000\r\nhello">, reject(400, "chunk_size_overflow")},
    {"size with zeros enough to overflow a counter", Kind::kRequest, kChunks<"00000000000000005\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_overflow")},
    {"size ends with bare LF", Kind::kRequest, kChunks<"5\nhello\r\n0\r\n\r\n">, reject(400, "bare_lf")},
    {"size ends with bare CR", Kind::kRequest, kChunks<"5\rhello\r\n0\r\n\r\n">, reject(400, "bare_cr")},
    {"size ends with CR CR LF", Kind::kRequest, kChunks<"5\r\r\nhello\r\n0\r\n\r\n">, reject(400, "bare_cr")},
    {"NUL behind a size", Kind::kRequest, kChunks<"5\0\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_size_syntax")},
    {"extension ends with bare LF", Kind::kRequest, kChunks<"5;a\nhello\r\n0\r\n\r\n">, reject(400, "bare_lf")},
    {"extension holds a bare CR", Kind::kRequest, kChunks<"5;a\rb\r\nhello\r\n0\r\n\r\n">, reject(400, "bare_cr")},
    {"quoted extension holds a bare LF", Kind::kRequest, kChunks<"5;a=\"\nb\"\r\nhello\r\n0\r\n\r\n">,
     reject(400, "bare_lf")},
    {"quoted extension holds a line end", Kind::kRequest, kChunks<"5;a=\"\r\nhello\"\r\n0\r\n\r\n">,
     reject(400, "chunk_extension_syntax")},
    {"extension without a name", Kind::kRequest, kChunks<"5;\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_extension_syntax")},
    {"extension with an empty value", Kind::kRequest, kChunks<"5;a=\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_extension_syntax")},
    {"extension with a control byte", Kind::kRequest, kChunks<"5;a=\x01\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_extension_syntax")},
    {"extension with a value of two words", Kind::kRequest, kChunks<"5;a=b c\r\nhello\r\n0\r\n\r\n">,
     reject(400, "chunk_size_syntax")},
    {"extension too long", Kind::kRequest, kLongExtension, reject(400, "chunk_extension_too_long")},
    {"extensions out of proportion to the content", Kind::kRequest, kEightyFat,
     reject(400, "chunk_extension_too_long")},
    {"chunk longer than its size", Kind::kRequest, kChunks<"4\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_end")},
    {"chunk shorter than its size", Kind::kRequest, kChunks<"6\r\nhello\r\n0\r\n\r\n">, reject(400, "chunk_end")},
    {"chunk ends with bare LF", Kind::kRequest, kChunks<"5\r\nhello\n0\r\n\r\n">, reject(400, "chunk_end")},
    {"chunk ends with bare CR", Kind::kRequest, kChunks<"5\r\nhello\r0\r\n\r\n">, reject(400, "chunk_end")},
    {"chunk followed by a size at once", Kind::kRequest, kChunks<"5\r\nhello0\r\n\r\n">, reject(400, "chunk_end")},
    {"no last chunk", Kind::kRequest, kChunks<"5\r\nhello\r\n">, incomplete()},
    {"last chunk without the empty line", Kind::kRequest, kChunks<"5\r\nhello\r\n0\r\n">, incomplete()},
    {"last line ends with bare LF", Kind::kRequest, kChunks<"0\r\n\n">, reject(400, "bare_lf")},
    {"request at once behind the last chunk", Kind::kRequest, kChunks<"0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n">,
     reject(400, "colon_missing")},
    {"trailers", Kind::kRequest, kChunks<"5\r\nhello\r\n0\r\nX-Sum:  1 \r\ngrpc-status: 0\r\n\r\n">,
     accept(kForwarded<"5\r\nhello\r\n0\r\nX-Sum: 1\r\ngrpc-status: 0\r\n\r\n">)},
    {"trailer Content-Length", Kind::kRequest, kChunks<"0\r\nContent-Length: 5\r\n\r\n">,
     reject(400, "trailer_forbidden")},
    {"trailer Transfer-Encoding", Kind::kRequest, kChunks<"0\r\nTransfer-Encoding: chunked\r\n\r\n">,
     reject(400, "trailer_forbidden")},
    {"trailer Host", Kind::kRequest, kChunks<"0\r\nHost: b\r\n\r\n">, reject(400, "trailer_forbidden")},
    {"trailer Connection", Kind::kRequest, kChunks<"0\r\nConnection: close\r\n\r\n">, reject(400, "trailer_forbidden")},
    {"trailer Authorization", Kind::kRequest, kChunks<"0\r\nAuthorization: x\r\n\r\n">,
     reject(400, "trailer_forbidden")},
    {"trailer Cookie", Kind::kRequest, kChunks<"0\r\nCookie: x\r\n\r\n">, reject(400, "trailer_forbidden")},
    {"trailer Content-Type", Kind::kRequest, kChunks<"0\r\nContent-Type: x/y\r\n\r\n">,
     reject(400, "trailer_forbidden")},
    {"trailer X-Forwarded-For", Kind::kRequest, kChunks<"0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n">,
     reject(400, "trailer_forbidden")},
    {"folded trailer", Kind::kRequest, kChunks<"0\r\nx: y\r\n z\r\n\r\n">, reject(400, "obs_fold")},
    {"trailer begins with white space", Kind::kRequest, kChunks<"0\r\n x: y\r\n\r\n">,
     reject(400, "leading_whitespace")},
    {"trailer with space before the colon", Kind::kRequest, kChunks<"0\r\nx : y\r\n\r\n">,
     reject(400, "space_before_colon")},
    {"trailer ends with bare LF", Kind::kRequest, kChunks<"0\r\nx: y\n\r\n">, reject(400, "bare_lf")},
    {"trailer with NUL", Kind::kRequest, kChunks<"0\r\nx: \0\r\n\r\n">, reject(400, "nul_byte")},
    {"trailers too large", Kind::kRequest, kLongTrailer, reject(431, "trailers_too_large")},
    {"too many trailers", Kind::kRequest, kManyTrailers, reject(431, "trailers_too_large")},
});

}  // namespace ripstop::protocol::strictness
