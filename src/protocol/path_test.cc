#include "protocol/path.h"

#include <gtest/gtest.h>

namespace ripstop::protocol {
namespace {

struct Row {
  std::string_view path;
  std::string_view expected;  // of a refused path: the token of the fault
};

void expect_rows(const PathRules& rules, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    std::string storage;
    const CanonicalPath canonical = canonicalize_path(row.path, rules, storage);
    EXPECT_EQ(canonical.fault == Fault::kNone ? canonical.path : token(canonical.fault), row.expected) << row.path;
  }
}

TEST(Path, DotSegmentsAreRemovedAsRfc3986Says) {
  expect_rows({}, {{"/", "/"},
                   {"/.", "/"},
                   {"/./", "/"},
                   {"/a/b/c/./../../g", "/a/g"},
                   {"/a/b/..", "/a/"},
                   {"/a/b/../", "/a/"},
                   {"/a/..", "/"},
                   {"/...", "/..."},
                   {"/.a/..b", "/.a/..b"},
                   {"/a/%2e/b", "/a/b"},
                   {"/a/.%2E/b", "/b"},
                   {"/a//../b", "/a/b"},
                   {"/..", "path_above_root"},
                   {"/a/../../b", "path_above_root"},
                   {"/%2e%2e/b", "path_above_root"}});
}

TEST(Path, ParametersOnDotSegmentsAreRefused) {
  expect_rows({}, {{"/a/..;/b", "path_dot_parameter"},
                   {"/a/..;x=y/b", "path_dot_parameter"},
                   {"/a/.;/b", "path_dot_parameter"},
                   {"/a/%2e%2e;/b", "path_dot_parameter"},
                   {"/a/..;", "path_dot_parameter"},
                   {"/a;x/b", "/a;x/b"}});
}

TEST(Path, EscapesHaveOneSpelling) {
  expect_rows({}, {{"/%41%7a%2D%5f%7E", "/Az-_~"},
                   {"/%c3%a9", "/%C3%A9"},
                   {"/a%20b", "/a%20b"},
                   {"/%25%32%65", "/%252e"},
                   {"/100%", "path_escape"},
                   {"/%4", "path_escape"},
                   {"/%4g", "path_escape"},
                   {"/%00", "path_nul"},
                   {"/a\\b", "path_byte"},
                   {"/a|b^", "/a%7Cb%5E"}});
}

TEST(Path, SlashesFollowTheRules) {
  expect_rows({}, {{"//a///b/", "//a///b/"}, {"/a%2fb%5c", "/a%2Fb%5C"}});
  expect_rows({.merge_slashes = true}, {{"//a///b//", "/a/b/"}, {"/a/.//b", "/a/b"}, {"/a//../b", "/b"}});
  expect_rows({.escaped_slashes = PathRules::EscapedSlashes::kReject},
              {{"/a%2fb", "path_escaped_slash"}, {"/a%5Cb", "path_escaped_slash"}, {"/a%252f", "/a%252f"}});
  expect_rows({.merge_slashes = true, .escaped_slashes = PathRules::EscapedSlashes::kUnescape},
              {{"/a%2fb", "/a/b"}, {"/a%2f%5cb", "/a/b"}, {"/x/..%2fadmin", "/admin"}, {"/..%2f", "path_above_root"}});
}

TEST(Path, WithoutNormalisationEscapesAreOnlyChecked) {
  expect_rows({.normalize = false}, {{"/a/../b", "/a/../b"},
                                     {"/%2e%2e/%c3", "/%2e%2e/%c3"},
                                     {"/%zz", "path_escape"},
                                     {"/%00", "path_nul"},
                                     {"/a\\", "path_byte"}});
}

TEST(Path, ACanonicalPathIsNotCopied) {
  std::string storage;
  const std::string_view path = "/static/app/main.4f2c9d1e.js";
  EXPECT_EQ(canonicalize_path(path, {}, storage).path.data(), path.data());
  EXPECT_TRUE(storage.empty());
}

}  // namespace
}  // namespace ripstop::protocol
