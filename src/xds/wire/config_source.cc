#include "xds/wire/config_source.h"

#include "envoy/config/core/v3/config_source.pb.h"

namespace ripstop::xds {

namespace core = envoy::config::core::v3;

void encode_ads_source(core::ConfigSource* wire) {
  wire->mutable_ads();
  wire->set_resource_api_version(core::V3);
}

void decode_ads_source(const core::ConfigSource& wire, const Cursor& at) {
  at.check_known(wire);
  at.field("ads").check_known(wire.ads());
  at.field("initial_fetch_timeout").check_known(wire.initial_fetch_timeout());
  if (!wire.has_ads()) at.unsupported("must be \"ads\", the only configuration source that is supported");
  if (wire.resource_api_version() != core::V3 && wire.resource_api_version() != core::AUTO) {
    at.field("resource_api_version").unsupported("must be V3");
  }
}

}  // namespace ripstop::xds
