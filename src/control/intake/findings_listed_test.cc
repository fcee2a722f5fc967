// docs/findings.md and the sources name the same codes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace ripstop::control {
namespace {

namespace fs = std::filesystem;

std::set<std::string> codes_in(const fs::path& path, const std::string& quote) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::regex pattern(quote + "(intake/[a-z0-9-]+)" + quote);
  std::set<std::string> codes;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern); match != std::sregex_iterator(); ++match) {
    codes.insert((*match)[1]);
  }
  return codes;
}

TEST(IntakeFindings, EveryCodeIsListedInTheDocumentAndNoOther) {
  const fs::path sources = fs::current_path() / "src" / "control" / "intake";
  ASSERT_TRUE(fs::exists(sources)) << "Run the test from the project's folder.";
  std::set<std::string> emitted;
  for (const auto& entry : fs::directory_iterator(sources)) {
    if (!entry.path().string().ends_with("_test.cc")) emitted.merge(codes_in(entry.path(), "\""));
  }
  EXPECT_FALSE(emitted.empty());
  EXPECT_EQ(emitted, codes_in(fs::current_path() / "docs" / "findings.md", "`"));
}

}  // namespace
}  // namespace ripstop::control
