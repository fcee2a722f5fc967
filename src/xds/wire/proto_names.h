// The protobuf messages that the headers of this room mention, declared only: their definitions are slow to compile and
// belong in .cc files.
#pragma once

namespace google::protobuf {
class Any;
class BoolValue;
class Duration;
class MessageLite;
class Struct;
class UInt32Value;
template <typename Element>
class RepeatedPtrField;
}  // namespace google::protobuf

namespace envoy::type::matcher::v3 {
class RegexMatcher;
class StringMatcher;
}  // namespace envoy::type::matcher::v3

namespace envoy::config::core::v3 {
class Address;
class ConfigSource;
class HeaderValueOption;
class Metadata;
class TransportSocket;
}  // namespace envoy::config::core::v3

namespace envoy::config::accesslog::v3 {
class AccessLog;
}

namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace envoy::config::endpoint::v3 {
class ClusterLoadAssignment;
}

namespace envoy::config::listener::v3 {
class Listener;
}

namespace envoy::config::route::v3 {
class RedirectAction;
class RetryPolicy;
class RouteAction;
class RouteConfiguration;
class RouteMatch;
}  // namespace envoy::config::route::v3

namespace envoy::extensions::transport_sockets::tls::v3 {
class Secret;
}
