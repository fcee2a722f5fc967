// Takes an encoded message apart to put things in that should not be there. For tests only: uses reflection.
#pragma once

#include <string>
#include <vector>

#include "xds/resource.h"

namespace ripstop::xds::testing {

// One body per message inside the resource (itself, every sub-message, those inside an Any included), each with an
// unknown field in that one message. Free-form metadata is left out, as its content is not ours to judge.
[[nodiscard]] std::vector<std::string> with_unknown_fields(const Resource& resource);

// The message as protobuf's debug text, for failure messages and shape tests.
[[nodiscard]] std::string to_text(const Resource& resource);

// A body from text format; fails the test when it does not parse.
[[nodiscard]] std::string from_text(std::string_view type_url, const std::string& text);

}  // namespace ripstop::xds::testing
