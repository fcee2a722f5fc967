#include "replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ripstop {
namespace {

// Places at which an input is cut or changed, spread over all of it: enough to meet every state of a parser, few enough
// to take no time.
constexpr size_t kPlaces = 64;

std::vector<std::string> kept_inputs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> inputs = {""};
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void run(const char* name, FuzzTarget target, const std::string& input) {
  // A copy of exactly this size, so that a sanitizer sees reading past its end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  EXPECT_EQ(target(bytes.data(), bytes.size()), 0) << name;
}

}  // namespace

void replay(const char* name, FuzzTarget target) {
  for (const std::string& input : kept_inputs(std::filesystem::path("test/fuzz") / name)) {
    run(name, target, input);
    const size_t step = std::max<size_t>(1, input.size() / kPlaces);
    for (size_t at = 0; at < input.size(); at += step) {
      run(name, target, input.substr(0, at));
      std::string changed = input;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at / step % 8)));
      run(name, target, changed);
    }
  }
}

}  // namespace ripstop
