#include "cli/demo/texts.h"

#include <algorithm>
#include <array>

namespace ripstop::cli::demo {
namespace {

struct Text {
  std::string_view file;
  std::string_view text;
};

// Written by cmake/EmbedTexts.cmake.
constexpr auto kTexts = std::to_array<Text>({
#include "demo_texts.inc"
});

}  // namespace

std::string_view text_named(std::string_view file) {
  const auto* const found = std::ranges::find(kTexts, file, &Text::file);
  return found == kTexts.end() ? std::string_view() : found->text;
}

}  // namespace ripstop::cli::demo
