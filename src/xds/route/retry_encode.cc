#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"
#include "xds/route/retry_conditions.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {

void encode_retry(const model::RetryPolicy& retry, envoy::config::route::v3::RetryPolicy* wire) {
  std::string conditions;
  for (const auto& [name, condition] : kRetryConditions) {
    if (!has(retry.on, condition)) continue;
    if (!conditions.empty()) conditions += ',';
    conditions += name;
  }
  wire->set_retry_on(conditions);
  wire->mutable_num_retries()->set_value(retry.retries);
  for (const uint16_t code : retry.status_codes) wire->add_retriable_status_codes(code);
  if (retry.per_try_timeout) encode_duration(*retry.per_try_timeout, wire->mutable_per_try_timeout());
  encode_duration(retry.base_interval, wire->mutable_retry_back_off()->mutable_base_interval());
  encode_duration(retry.max_interval, wire->mutable_retry_back_off()->mutable_max_interval());
  if (retry.avoid_previous_hosts) {
    auto* predicate = wire->add_retry_host_predicate();
    predicate->set_name(std::string(extension::kPreviousHosts));
    pack(type_name::kPreviousHosts, envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate(),
         predicate->mutable_typed_config());
  }
  if (retry.host_selection_attempts != 1) {
    wire->set_host_selection_retry_max_attempts(retry.host_selection_attempts);
  }
}

}  // namespace ripstop::xds
