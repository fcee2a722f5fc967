// Header changes are four repeated fields in each of the messages that can make them. Internal to xds.
//
// Envoy removes first and then applies the additions in their order; the model removes, sets, adds. A list that the
// model's order would change the meaning of is refused.
#pragma once

#include <string>

#include "model/route.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

using HeaderAdditions = google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>;
using HeaderRemovals = google::protobuf::RepeatedPtrField<std::string>;

void encode_header_edits(const model::HeaderEdits& edits, HeaderAdditions* additions, HeaderRemovals* removals);

// `name` is the additions' field, for errors.
[[nodiscard]] model::HeaderEdits decode_header_edits(const HeaderAdditions& additions, const HeaderRemovals& removals,
                                                     std::string_view name, const Cursor& at);

// The messages that have them all have both directions under the same names.
template <typename Message>
void encode_both_header_edits(const model::HeaderEdits& request, const model::HeaderEdits& response, Message* wire) {
  encode_header_edits(request, wire->mutable_request_headers_to_add(), wire->mutable_request_headers_to_remove());
  encode_header_edits(response, wire->mutable_response_headers_to_add(), wire->mutable_response_headers_to_remove());
}

template <typename Message>
void decode_both_header_edits(const Message& wire, const Cursor& at, model::HeaderEdits& request,
                              model::HeaderEdits& response) {
  request = decode_header_edits(wire.request_headers_to_add(), wire.request_headers_to_remove(),
                                "request_headers_to_add", at);
  response = decode_header_edits(wire.response_headers_to_add(), wire.response_headers_to_remove(),
                                 "response_headers_to_add", at);
}

}  // namespace ripstop::xds
