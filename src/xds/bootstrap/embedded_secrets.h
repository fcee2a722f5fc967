// Moves certificates and roots that TLS contexts embed into static secrets of their own, reading files. Internal.
#pragma once

#include <string>
#include <vector>

#include "xds/wire/proto_names.h"

namespace ripstop::xds {

// Also reads the files that static secrets name. Appends a sentence to `problems` for each that cannot be read.
void extract_secrets(envoy::config::bootstrap::v3::Bootstrap& bootstrap, std::vector<std::string>& problems);

}  // namespace ripstop::xds
