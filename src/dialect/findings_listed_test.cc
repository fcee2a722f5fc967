// docs/findings.md and the sources name the same codes.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <filesystem>
#include <set>

#include "dialect/testing.h"

namespace ripstop::dialect {
namespace {

namespace fs = std::filesystem;

std::set<std::string> codes_in(const std::string& text, const std::string& quote) {
  const RE2 pattern(quote + "((?:document|resource|istio)/[a-z0-9-]+)" + quote);
  std::set<std::string> codes;
  re2::StringPiece rest(text);
  std::string code;
  while (RE2::FindAndConsume(&rest, pattern, &code)) codes.insert(code);
  return codes;
}

TEST(Findings, EveryCodeIsListedInTheDocumentAndNoOther) {
  const fs::path sources = fs::current_path() / "src" / "dialect";
  const fs::path list = fs::current_path() / "docs" / "findings.md";
  ASSERT_TRUE(fs::exists(list)) << "Run the test from the project's folder.";
  std::set<std::string> emitted;
  for (const auto& entry : fs::recursive_directory_iterator(sources)) {
    const std::string name = entry.path().filename();
    const bool is_source = name.ends_with(".cc") || name.ends_with(".h");
    if (!is_source || name.ends_with("_test.cc") || name == "testing.h") continue;
    emitted.merge(codes_in(testing::file_text(entry.path().string()), "\""));
  }
  EXPECT_GT(emitted.size(), 40U);
  EXPECT_EQ(emitted, codes_in(testing::file_text(list.string()), "`"));
}

}  // namespace
}  // namespace ripstop::dialect
