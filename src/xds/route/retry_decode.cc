#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"
#include "xds/route/retry_conditions.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;

constexpr int64_t kMaxSelectionAttempts = 1000;

model::RetryOn decode_conditions(std::string_view text, const Cursor& at) {
  model::RetryOn conditions = model::RetryOn::kNone;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view name = trim(piece);
    if (name.empty()) continue;
    const auto known = std::ranges::find(kRetryConditions, name, &std::pair<std::string_view, model::RetryOn>::first);
    if (known == kRetryConditions.end()) {
      at.unsupported(fmt::format("has \"{}\", which is not a supported condition", name));
    } else {
      conditions = conditions | known->second;
    }
  }
  return conditions;
}

void decode_back_off(const route::RetryPolicy::RetryBackOff& wire, const Cursor& at, model::RetryPolicy& retry) {
  at.check_known(wire);
  retry.base_interval = decode_duration(wire.base_interval(), at.field("base_interval"));
  if (retry.base_interval == Duration::zero()) at.field("base_interval").invalid("is missing or 0");
  // Ten times the base is what Envoy takes for a missing bound; a base too long for that is bounded by itself.
  const bool is_long = retry.base_interval > Duration::max() / 10;
  retry.max_interval = wire.has_max_interval() ? decode_duration(wire.max_interval(), at.field("max_interval"))
                                               : (is_long ? retry.base_interval : retry.base_interval * 10);
  if (retry.max_interval < retry.base_interval) at.field("max_interval").invalid("is below base_interval");
}

void decode_predicate(const route::RetryPolicy::RetryHostPredicate& wire, const Cursor& at, model::RetryPolicy& retry) {
  at.check_known(wire);
  // Older control planes name the extension and leave its empty configuration out.
  const bool is_bare = !wire.has_typed_config() && wire.name() == extension::kPreviousHosts;
  if (!is_bare && type_name_of(wire.typed_config()) != type_name::kPreviousHosts) {
    at.unsupported(fmt::format("is \"{}\"; only previous_hosts is supported", wire.name()));
    return;
  }
  envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate predicate;
  if (!is_bare && unpack(wire.typed_config(), predicate, at.field("typed_config"))) {
    at.field("typed_config").check_known(predicate);
  }
  retry.avoid_previous_hosts = true;
}

void decode_status_codes(const route::RetryPolicy& wire, const Cursor& at, model::RetryPolicy& retry) {
  for (int i = 0; i < wire.retriable_status_codes_size(); ++i) {
    const uint32_t code = wire.retriable_status_codes(i);
    if (code < 100 || code > 599) {
      at.item("retriable_status_codes", static_cast<size_t>(i)).invalid("is not an HTTP status");
    } else {
      retry.status_codes.push_back(static_cast<uint16_t>(code));
    }
  }
}

}  // namespace

model::RetryPolicy decode_retry(const route::RetryPolicy& wire, const Cursor& at) {
  model::RetryPolicy retry;
  at.check_known(wire);
  retry.on = decode_conditions(wire.retry_on(), at.field("retry_on"));
  retry.retries = wire.has_num_retries() ? decode_value(wire.num_retries(), at.field("num_retries")) : 1;
  decode_status_codes(wire, at, retry);
  if (wire.has_per_try_timeout()) {
    retry.per_try_timeout = decode_duration(wire.per_try_timeout(), at.field("per_try_timeout"));
    // Zero says "the route's time-out alone", as leaving it out does.
    if (*retry.per_try_timeout == Duration::zero()) retry.per_try_timeout.reset();
  }
  if (wire.has_retry_back_off()) decode_back_off(wire.retry_back_off(), at.field("retry_back_off"), retry);
  for (int i = 0; i < wire.retry_host_predicate_size(); ++i) {
    decode_predicate(wire.retry_host_predicate(i), at.item("retry_host_predicate", static_cast<size_t>(i)), retry);
  }
  const int64_t attempts = wire.host_selection_retry_max_attempts();
  if (attempts < 0 || attempts > kMaxSelectionAttempts) {
    at.field("host_selection_retry_max_attempts").invalid(fmt::format("is not from 0 to {}", kMaxSelectionAttempts));
  } else if (attempts != 0) {
    retry.host_selection_attempts = static_cast<uint32_t>(attempts);
  }
  return retry;
}

}  // namespace ripstop::xds
