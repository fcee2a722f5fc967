// Writes heads as canonical HTTP/1.1: one space where one belongs, CR LF, no folds, exactly one Host, framing stated
// once. Runs of fields that arrived canonical are copied whole.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "protocol/head.h"

namespace ripstop::protocol {

// What a response says about its connection.
enum class ConnectionSignal : uint8_t {
  kNone,       // HTTP/1.1 stays open without saying so
  kClose,      // closes after this message
  kKeepAlive,  // for HTTP/1.0 clients, which close unless told
};

// An upper bound on what encode() of the same head writes.
[[nodiscard]] size_t encoded_bound(const RequestHead& head);
[[nodiscard]] size_t encoded_bound(const ResponseHead& head);

// Writes the whole head with its final empty line at the front of `out`, which has room for encoded_bound(head);
// returns the bytes written. The request line has origin form (or authority form for CONNECT, asterisk form for OPTIONS
// *), Host is head.authority, framing is head.framing, and head.upgrade is offered when set.
size_t encode(const RequestHead& head, ConnectionSignal signal, std::span<char> out);
size_t encode(const ResponseHead& head, ConnectionSignal signal, std::span<char> out);

// The same at the end of a string, for callers without a buffer of their own.
template <typename Head>
void append_encoded(const Head& head, ConnectionSignal signal, std::string& out) {
  const size_t before = out.size();
  out.resize(before + encoded_bound(head));
  out.resize(before + encode(head, signal, std::span(out).subspan(before)));
}

}  // namespace ripstop::protocol
