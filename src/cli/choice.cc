#include "cli/choice.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ripstop::cli {

std::string check_choice(const std::string& word, const std::vector<std::string>& choices) {
  const auto is_meant = [&](const std::string& choice) { return equals_ignore_case(choice, word); };
  if (std::ranges::any_of(choices, is_meant)) return {};
  std::string text = "'" + word + "' is none of " + join(choices, ", ");
  if (const auto near = nearest(word, choices)) text += "; did you mean " + *near + "?";
  return text;
}

std::function<std::string(const std::string&)> one_of(std::vector<std::string> choices) {
  return [choices = std::move(choices)](const std::string& word) { return check_choice(word, choices); };
}

}  // namespace ripstop::cli
