// Messages and bytes: bounded parsing, deterministic serializing, Any, and the small wrapped values.
// Internal to xds; included from .cc files only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "xds/resource.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

inline constexpr size_t kMaxBodyBytes = size_t{16} << 20;

// Fails when the bytes are too many or do not parse; `what` names the message in the error.
[[nodiscard]] Status parse_body(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& message);

// Equal messages give equal bytes, maps included.
[[nodiscard]] std::string to_bytes(const google::protobuf::MessageLite& message);

// `type_name` is the full name of the message's type (type_names.h).
void pack(std::string_view type_name, const google::protobuf::MessageLite& message, google::protobuf::Any* any);

// The type's full name: what follows the last slash of the URL.
[[nodiscard]] std::string_view type_name_of(const google::protobuf::Any& any);

// Parses the value of an Any whose type the caller has checked; complains and returns false when it does not parse.
[[nodiscard]] bool unpack(const google::protobuf::Any& any, google::protobuf::MessageLite& message, const Cursor& at);

// A model object's message as a named resource.
[[nodiscard]] Resource to_resource(std::string_view type_url, std::string name,
                                   const google::protobuf::MessageLite& message);

void encode_duration(Duration value, google::protobuf::Duration* wire);
// Complains about negative, malformed and century-long durations and returns zero.
[[nodiscard]] Duration decode_duration(const google::protobuf::Duration& wire, const Cursor& at);

[[nodiscard]] uint32_t decode_value(const google::protobuf::UInt32Value& wire, const Cursor& at);
[[nodiscard]] bool decode_value(const google::protobuf::BoolValue& wire, const Cursor& at);

void encode_address(const SocketAddress& address, envoy::config::core::v3::Address* wire);
void encode_address(std::string_view host, uint16_t port, envoy::config::core::v3::Address* wire);

// An address as configuration writes it: an IP literal, or a name that is still to be resolved.
struct HostAddress {
  SocketAddress address;
  std::string hostname;  // empty for an IP literal
};
[[nodiscard]] HostAddress decode_host_address(const envoy::config::core::v3::Address& wire, const Cursor& at);
// Complains when the host is not an IP literal.
[[nodiscard]] SocketAddress decode_address(const envoy::config::core::v3::Address& wire, const Cursor& at);

}  // namespace ripstop::xds
