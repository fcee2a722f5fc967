#include "xds/wire/message.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wrappers.pb.h>

#include <limits>

#include "base/hash.h"
#include "envoy/config/core/v3/address.pb.h"

namespace ripstop::xds {
namespace {

constexpr std::string_view kUrlPrefix = "type.googleapis.com/";
// What a 64-bit count of nanoseconds can hold, rounded down to whole seconds.
constexpr int64_t kMaxSeconds = std::numeric_limits<int64_t>::max() / 1'000'000'000 - 1;

}  // namespace

Status parse_body(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& message) {
  if (bytes.size() > kMaxBodyBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("{} has {} bytes, more than the {} that are accepted", what, bytes.size(), kMaxBodyBytes));
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::kParse, fmt::format("{} is not a well-formed protobuf message", what));
  }
  return {};
}

std::string to_bytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

void pack(std::string_view type_name, const google::protobuf::MessageLite& message, google::protobuf::Any* any) {
  std::string url(kUrlPrefix);
  url += type_name;
  any->set_type_url(std::move(url));
  any->set_value(to_bytes(message));
}

std::string_view type_name_of(const google::protobuf::Any& any) {
  const std::string_view url = any.type_url();
  const size_t slash = url.rfind('/');
  return slash == std::string_view::npos ? url : url.substr(slash + 1);
}

bool unpack(const google::protobuf::Any& any, google::protobuf::MessageLite& message, const Cursor& at) {
  at.check_known(any);
  if (message.ParseFromString(any.value())) return true;
  at.invalid(fmt::format("is not a well-formed {}", type_name_of(any)));
  return false;
}

Resource to_resource(std::string_view type_url, std::string name, const google::protobuf::MessageLite& message) {
  Resource resource{
      .type_url = std::string(type_url), .name = std::move(name), .body = to_bytes(message), .version = {}};
  resource.version = content_version(resource.body);
  return resource;
}

void encode_duration(Duration value, google::protobuf::Duration* wire) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(value).count();
  wire->set_seconds(nanoseconds / 1'000'000'000);
  wire->set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
}

Duration decode_duration(const google::protobuf::Duration& wire, const Cursor& at) {
  at.check_known(wire);
  if (wire.seconds() < 0 || wire.nanos() < 0) {
    at.invalid("is negative");
    return {};
  }
  if (wire.nanos() > 999'999'999 || wire.seconds() > kMaxSeconds) {
    at.invalid("is out of range for a duration");
    return {};
  }
  return std::chrono::seconds(wire.seconds()) + std::chrono::nanoseconds(wire.nanos());
}

uint32_t decode_value(const google::protobuf::UInt32Value& wire, const Cursor& at) {
  at.check_known(wire);
  return wire.value();
}

bool decode_value(const google::protobuf::BoolValue& wire, const Cursor& at) {
  at.check_known(wire);
  return wire.value();
}

void encode_address(const SocketAddress& address, envoy::config::core::v3::Address* wire) {
  encode_address(address.ip.to_string(), address.port, wire);
}

void encode_address(std::string_view host, uint16_t port, envoy::config::core::v3::Address* wire) {
  auto* socket = wire->mutable_socket_address();
  socket->set_address(std::string(host));
  socket->set_port_value(port);
}

HostAddress decode_host_address(const envoy::config::core::v3::Address& wire, const Cursor& at) {
  HostAddress host;
  at.check_known(wire);
  const auto& socket = wire.socket_address();
  const Cursor here = at.field("socket_address");
  if (!wire.has_socket_address()) {
    here.invalid("is missing");
    return host;
  }
  here.check_known(socket);
  if (socket.protocol() != envoy::config::core::v3::SocketAddress::TCP) {
    here.field("protocol").unsupported("is not TCP, the only protocol that is supported");
  }
  if (socket.port_value() > 65535) here.field("port_value").invalid("is not a port number");
  host.address.port = static_cast<uint16_t>(socket.port_value());
  if (auto ip = IpAddress::parse(socket.address())) {
    host.address.ip = *ip;
  } else if (socket.address().empty()) {
    here.field("address").invalid("is empty");
  } else {
    host.hostname = socket.address();
  }
  return host;
}

SocketAddress decode_address(const envoy::config::core::v3::Address& wire, const Cursor& at) {
  const HostAddress host = decode_host_address(wire, at);
  if (!host.hostname.empty()) {
    at.field("socket_address").field("address").invalid(fmt::format("is \"{}\", not an IP address", host.hostname));
  }
  return host.address;
}

}  // namespace ripstop::xds
