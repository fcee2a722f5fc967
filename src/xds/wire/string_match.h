// model::StringMatch and envoy.type.matcher.v3.StringMatcher. Internal to xds.
#pragma once

#include "model/match.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

// kSegmentPrefix, which no StringMatcher can say, becomes the equivalent regular expression; kPresent one for any
// value.
void encode_string_match(const model::StringMatch& match, envoy::type::matcher::v3::StringMatcher* wire);
[[nodiscard]] model::StringMatch decode_string_match(const envoy::type::matcher::v3::StringMatcher& wire,
                                                     const Cursor& at);

// The expression's text; complains when it is empty.
[[nodiscard]] std::string decode_regex(const envoy::type::matcher::v3::RegexMatcher& wire, const Cursor& at);

// `text` with every character that RE2 gives a meaning escaped.
[[nodiscard]] std::string quote_regex(std::string_view text);

}  // namespace ripstop::xds
