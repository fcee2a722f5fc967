#include "protocol/fault.h"

#include <array>

namespace ripstop::protocol {
namespace {

struct Entry {
  Fault fault;
  uint16_t status;
  std::string_view token;
  std::string_view sentence;
};

constexpr std::array<Entry, kFaultCount> kEntries = {{
    {Fault::kNone, 200, "none", "The message is well formed."},
    {Fault::kBareLf, 400, "bare_lf", "A line ends with LF alone; every line must end with CR LF."},
    {Fault::kBareCr, 400, "bare_cr", "A CR is not followed by LF; every line must end with CR LF."},
    {Fault::kNulByte, 400, "nul_byte", "The head holds a NUL byte."},
    {Fault::kControlByte, 400, "control_byte", "The head holds a control character."},
    {Fault::kRequestLineSyntax, 400, "request_line_syntax",
     "The request line must be a method, a target and a version with exactly one space between them."},
    {Fault::kMethodSyntax, 400, "method_syntax", "The method is not a token."},
    {Fault::kMethodTooLong, 501, "method_too_long", "The method is longer than any that exists."},
    {Fault::kVersionSyntax, 400, "version_syntax", "The version must be written HTTP/1.1 or HTTP/1.0, in capitals."},
    {Fault::kVersionUnsupported, 505, "version_unsupported", "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
    {Fault::kStatusLineSyntax, 400, "status_line_syntax",
     "The status line must be a version, a code of three digits and a reason with one space between them."},
    {Fault::kStatusCode, 400, "status_code", "The status code is outside 100 to 599."},
    {Fault::kSwitchUnasked, 400, "switch_unasked",
     "The server switched protocols although it was not asked to, or not to the protocol it was asked for."},
    {Fault::kSwitchUnproven, 400, "switch_unproven",
     "The server switched to WebSocket without the proof that it had read the request's key."},
    {Fault::kTargetTooLong, 414, "target_too_long", "The request target is longer than the limit."},
    {Fault::kTargetByte, 400, "target_byte", "The request target holds a byte that must be percent-encoded."},
    {Fault::kTargetForm, 400, "target_form", "The form of the request target does not fit the method."},
    {Fault::kTargetFragment, 400, "target_fragment", "The request target holds a fragment ('#')."},
    {Fault::kSchemeUnsupported, 400, "scheme_unsupported", "The scheme of the request target is not http or https."},
    {Fault::kHostMissing, 400, "host_missing", "The request has no Host field, or an empty one."},
    {Fault::kHostRepeated, 400, "host_repeated", "The request has more than one Host field."},
    {Fault::kHostSyntax, 400, "host_syntax", "The host is not a name or an address with an optional port."},
    {Fault::kHostMismatch, 400, "host_mismatch", "The Host field and the authority of the target differ."},
    {Fault::kPathByte, 400, "path_byte", "The path holds a backslash."},
    {Fault::kPathEscape, 400, "path_escape", "A percent sign in the path is not followed by two hexadecimal digits."},
    {Fault::kPathNul, 400, "path_nul", "The path holds an encoded NUL (%00)."},
    {Fault::kPathEscapedSlash, 400, "path_escaped_slash", "The path holds an encoded slash or backslash."},
    {Fault::kPathAboveRoot, 400, "path_above_root", "The dot segments of the path lead above its root."},
    {Fault::kPathDotParameter, 400, "path_dot_parameter", "A dot segment of the path carries a parameter."},
    {Fault::kLeadingWhitespace, 400, "leading_whitespace", "The first field line begins with white space."},
    {Fault::kObsFold, 400, "obs_fold", "A field value is folded over several lines."},
    {Fault::kFieldNameEmpty, 400, "field_name_empty", "A field line has no name."},
    {Fault::kFieldNameSyntax, 400, "field_name_syntax", "A field name is not a token."},
    {Fault::kFieldNameTooLong, 431, "field_name_too_long", "A field name is longer than the limit."},
    {Fault::kSpaceBeforeColon, 400, "space_before_colon", "White space stands between a field name and its colon."},
    {Fault::kColonMissing, 400, "colon_missing", "A field line has no colon."},
    {Fault::kHeadTooLarge, 431, "head_too_large", "The head is larger than the limit."},
    {Fault::kTooManyFields, 431, "too_many_fields", "The head has more field lines than the limit."},
    {Fault::kLengthSyntax, 400, "length_syntax", "Content-Length is not a decimal number below 2^63."},
    {Fault::kLengthRepeated, 400, "length_repeated", "Content-Length is given more than once."},
    {Fault::kLengthWithTransferEncoding, 400, "length_with_transfer_encoding",
     "Content-Length and Transfer-Encoding are both present."},
    {Fault::kTransferEncodingSyntax, 400, "transfer_encoding_syntax", "Transfer-Encoding must be exactly chunked."},
    {Fault::kTransferEncodingRepeated, 400, "transfer_encoding_repeated", "Transfer-Encoding is given more than once."},
    {Fault::kTransferEncodingUnsupported, 501, "transfer_encoding_unsupported",
     "Transfer codings other than chunked are not supported."},
    {Fault::kTransferEncodingVersion, 400, "transfer_encoding_version",
     "Transfer-Encoding does not exist in HTTP/1.0."},
    {Fault::kConnectionSyntax, 400, "connection_syntax", "Connection is not a list of tokens."},
    {Fault::kConnectionNominates, 400, "connection_nominates",
     "Connection names a field that is meant for the final recipient."},
    {Fault::kExpectUnknown, 417, "expect_unknown", "The only expectation that exists is 100-continue."},
    {Fault::kContentForbidden, 400, "content_forbidden",
     "The message has content, which its method or status forbids."},
    {Fault::kChunkSizeSyntax, 400, "chunk_size_syntax", "A chunk size is not a hexadecimal number followed by CR LF."},
    {Fault::kChunkSizeOverflow, 400, "chunk_size_overflow", "A chunk size is 2^63 or more."},
    {Fault::kChunkExtensionSyntax, 400, "chunk_extension_syntax", "A chunk extension does not follow its grammar."},
    {Fault::kChunkExtensionTooLong, 400, "chunk_extension_too_long",
     "Chunk extensions are longer than the limit, or out of proportion to the content."},
    {Fault::kChunkEnd, 400, "chunk_end", "The content of a chunk is not followed by CR LF."},
    {Fault::kTrailersTooLarge, 431, "trailers_too_large", "The trailers are larger than the limit."},
    {Fault::kTrailerForbidden, 400, "trailer_forbidden", "A trailer field is not allowed in trailers."},
    {Fault::kPseudoFieldUnknown, 400, "pseudo_field_unknown",
     "A field name begins with a colon but is none of HTTP/2's."},
    {Fault::kPseudoFieldRepeated, 400, "pseudo_field_repeated", "A pseudo-field is given more than once."},
    {Fault::kPseudoFieldMissing, 400, "pseudo_field_missing",
     "A pseudo-field that the message needs is missing or empty."},
    {Fault::kPseudoFieldMisplaced, 400, "pseudo_field_misplaced", "A pseudo-field follows an ordinary field."},
    {Fault::kPseudoFieldForbidden, 400, "pseudo_field_forbidden", "A pseudo-field does not belong in this message."},
    {Fault::kFieldNameCase, 400, "field_name_case", "A field name holds a capital letter."},
    {Fault::kFieldValueSpace, 400, "field_value_space", "A field value begins or ends with white space."},
    {Fault::kConnectionField, 400, "connection_field", "HTTP/2 has no fields that speak of the connection."},
    {Fault::kLengthMismatch, 400, "length_mismatch", "The content is not as long as Content-Length says."},
    {Fault::kGrpcWebText, 400, "grpc_web_text", "The content of the gRPC-Web request is not base64."},
}};

consteval bool in_order() {
  for (size_t i = 0; i < kEntries.size(); ++i) {
    if (static_cast<size_t>(kEntries[i].fault) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one entry per fault, in the order of the enumeration");

const Entry& entry(Fault fault) {
  return kEntries[static_cast<size_t>(fault)];
}

}  // namespace

std::string_view token(Fault fault) {
  return entry(fault).token;
}
std::string_view sentence(Fault fault) {
  return entry(fault).sentence;
}
uint16_t request_status(Fault fault) {
  return entry(fault).status;
}
bool is_malformed(Fault fault) {
  const bool is_about_path = fault >= Fault::kPathByte && fault <= Fault::kPathDotParameter;
  return request_status(fault) == 400 && !is_about_path;
}

}  // namespace ripstop::protocol
