// "Fetch it over the ADS stream that this came from", the only source there is.
#pragma once

#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

void encode_ads_source(envoy::config::core::v3::ConfigSource* wire);
// Complains about any source but ADS. Initial fetch time-outs are passed over: warming has one of its own.
void decode_ads_source(const envoy::config::core::v3::ConfigSource& wire, const Cursor& at);

}  // namespace ripstop::xds
