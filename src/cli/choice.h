// Checks for the parser that answer a wrong word with the one that was probably meant.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ripstop::cli {

// "" when `word` is one of `choices`, whatever the case; else what to say.
[[nodiscard]] std::string check_choice(const std::string& word, const std::vector<std::string>& choices);

// The same as what the parser takes as a check.
[[nodiscard]] std::function<std::string(const std::string&)> one_of(std::vector<std::string> choices);

}  // namespace ripstop::cli
