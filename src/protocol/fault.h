// Every reason for which an HTTP message is refused, each with the status to answer, a stable token for access logs and
// tests, and a sentence for a person. The tokens are part of the product's interface: they are never renamed.
#pragma once

#include <cstdint>
#include <string_view>

namespace ripstop::protocol {

enum class Fault : uint8_t {
  kNone,
  // Bytes that no line may hold (RFC 9112 section 2.2, RFC 9110 section 5.5).
  kBareLf,
  kBareCr,
  kNulByte,
  kControlByte,
  // Start line.
  kRequestLineSyntax,
  kMethodSyntax,
  kMethodTooLong,
  kVersionSyntax,
  kVersionUnsupported,
  kStatusLineSyntax,
  kStatusCode,
  kSwitchUnasked,
  kSwitchUnproven,
  // Request target and authority.
  kTargetTooLong,
  kTargetByte,
  kTargetForm,
  kTargetFragment,
  kSchemeUnsupported,
  kHostMissing,
  kHostRepeated,
  kHostSyntax,
  kHostMismatch,
  kPathByte,
  kPathEscape,
  kPathNul,
  kPathEscapedSlash,
  kPathAboveRoot,
  kPathDotParameter,
  // Field lines.
  kLeadingWhitespace,
  kObsFold,
  kFieldNameEmpty,
  kFieldNameSyntax,
  kFieldNameTooLong,
  kSpaceBeforeColon,
  kColonMissing,
  kHeadTooLarge,
  kTooManyFields,
  // Framing and connection.
  kLengthSyntax,
  kLengthRepeated,
  kLengthWithTransferEncoding,
  kTransferEncodingSyntax,
  kTransferEncodingRepeated,
  kTransferEncodingUnsupported,
  kTransferEncodingVersion,
  kConnectionSyntax,
  kConnectionNominates,
  kExpectUnknown,
  kContentForbidden,
  // Chunked coding.
  kChunkSizeSyntax,
  kChunkSizeOverflow,
  kChunkExtensionSyntax,
  kChunkExtensionTooLong,
  kChunkEnd,
  kTrailersTooLarge,
  kTrailerForbidden,
  // Header blocks of HTTP/2 (RFC 9113 section 8).
  kPseudoFieldUnknown,
  kPseudoFieldRepeated,
  kPseudoFieldMissing,
  kPseudoFieldMisplaced,
  kPseudoFieldForbidden,
  kFieldNameCase,
  kFieldValueSpace,
  kConnectionField,
  kLengthMismatch,
  // Content of gRPC-Web.
  kGrpcWebText,
};

inline constexpr size_t kFaultCount = static_cast<size_t>(Fault::kGrpcWebText) + 1;

// Stable, lower case: "bare_lf"; "none" for kNone.
[[nodiscard]] std::string_view token(Fault fault);

// A sentence that says what to check.
[[nodiscard]] std::string_view sentence(Fault fault);

// What to answer a client whose request has the fault: 400, 414, 417, 431, 501 or 505. A response with a fault is
// always answered as 502, whatever the fault.
[[nodiscard]] uint16_t request_status(Fault fault);

// True when the fault makes an HTTP/2 request malformed (RFC 9113 section 8.1.1), which ends its stream with
// PROTOCOL_ERROR. The others are about what is asked for, and are answered.
[[nodiscard]] bool is_malformed(Fault fault);

}  // namespace ripstop::protocol
