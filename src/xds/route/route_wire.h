// RouteConfiguration and its parts on the wire. Internal to xds.
#pragma once

#include "model/route.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

inline constexpr size_t kMaxVirtualHosts = 100'000;
inline constexpr size_t kMaxRoutesPerHost = 20'000;

void encode_route_table(const model::RouteTable& table, envoy::config::route::v3::RouteConfiguration* wire);
// `validates_by_default`: what an unset validate_clusters means, true for inline tables and false for those by RDS.
[[nodiscard]] model::RouteTable decode_route_table(const envoy::config::route::v3::RouteConfiguration& wire,
                                                   bool validates_by_default, const Cursor& at);

void encode_route_match(const model::RouteMatch& match, envoy::config::route::v3::RouteMatch* wire);
[[nodiscard]] model::RouteMatch decode_route_match(const envoy::config::route::v3::RouteMatch& wire, const Cursor& at);

void encode_forward(const model::Forward& forward, envoy::config::route::v3::RouteAction* wire);
[[nodiscard]] model::Forward decode_forward(const envoy::config::route::v3::RouteAction& wire, const Cursor& at);

void encode_redirect(const model::Redirect& redirect, envoy::config::route::v3::RedirectAction* wire);
[[nodiscard]] model::Redirect decode_redirect(const envoy::config::route::v3::RedirectAction& wire, const Cursor& at);

void encode_retry(const model::RetryPolicy& retry, envoy::config::route::v3::RetryPolicy* wire);
[[nodiscard]] model::RetryPolicy decode_retry(const envoy::config::route::v3::RetryPolicy& wire, const Cursor& at);

void encode_fault(const model::Fault& fault, google::protobuf::Any* wire);
[[nodiscard]] model::Fault decode_fault(const google::protobuf::Any& wire, const Cursor& at);

}  // namespace ripstop::xds
