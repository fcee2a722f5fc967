// Ambiguous, hostile and odd messages, each with its verdict and, where it is accepted, the exact bytes that go on.
//
// The rows say what RFC 9110 and RFC 9112 mean here; where they allow a choice the strict one is taken. They know
// nothing of parsers, so a test of a whole proxy can send the same bytes over real sockets.
#pragma once

#include <array>
#include <span>

#include "protocol/http1/strictness/chunks.h"
#include "protocol/http1/strictness/field_lines.h"
#include "protocol/http1/strictness/framing.h"
#include "protocol/http1/strictness/responses.h"
#include "protocol/http1/strictness/start_lines.h"
#include "protocol/http1/strictness/targets.h"

namespace ripstop::protocol::strictness {

inline constexpr std::array<std::span<const Case>, 6> kTable = {kStartLines, kTargets,   kFieldLines,
                                                                kFraming,    kChunkRows, kResponses};

}  // namespace ripstop::protocol::strictness
