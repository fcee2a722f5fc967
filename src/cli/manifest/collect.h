// The texts that -f names: files, folders with everything below them, standard input.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/output/findings.h"
#include "dialect/dialect.h"

namespace ripstop::cli {

// In the order given; a folder's files by name. Of a folder, only .yaml, .yml and .json are taken; a file that is named
// itself is always taken. "-" is `standard_input`, called "<stdin>". kNotFound names what is missing and the nearest
// name that is not; kInvalidArgument when a folder holds nothing of use.
[[nodiscard]] Result<std::vector<dialect::Source>> collect_sources(const std::vector<std::string>& paths,
                                                                   std::istream& standard_input);

[[nodiscard]] SourceTexts texts_of(const std::vector<dialect::Source>& sources);

// Every resource in them, with the findings of reading.
[[nodiscard]] dialect::ReadResult read_all(const std::vector<dialect::Source>& sources);

}  // namespace ripstop::cli
