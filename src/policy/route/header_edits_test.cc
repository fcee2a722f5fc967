#include "policy/route/header_edits.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

TEST(HeaderEdits, RefuseWhatFramesOrAddressesTheMessage) {
  for (const char* name : {"Host", ":authority", ":path", "Content-Length", "transfer-encoding", "CONNECTION",
                           "Upgrade", "te", "", "x y", "x:y", "x\r\ny"}) {
    HeaderEditList list;
    EXPECT_FALSE(append_edits({.remove = {name}}, list).has_value()) << name;
    EXPECT_FALSE(append_edits({.set = {{name, "v"}}}, list).has_value()) << name;
    EXPECT_FALSE(append_edits({.add = {{name, "v"}}}, list).has_value()) << name;
    EXPECT_TRUE(list.empty());
  }
}

TEST(HeaderEdits, RefuseValuesThatEndTheField) {
  for (const std::string& value : std::vector<std::string>{"a\r\nx: y", "a\nb", {"a\0b", 3}, "\x7f", "\x1b[0m"}) {
    HeaderEditList list;
    EXPECT_EQ(append_edits({.set = {{"x", value}}}, list).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(HeaderEdits, KeepTabsAndBytesAboveAscii) {
  HeaderEditList list;
  ASSERT_TRUE(append_edits({.set = {{"x", "caf\xc3\xa9\tau lait"}}}, list).has_value());
  EXPECT_EQ(list[0].value, "caf\xc3\xa9\tau lait");
}

TEST(HeaderEdits, RefuseCommandOperatorsAndUnderstandTheEscapedPercent) {
  HeaderEditList list;
  for (const char* value : {"%REQ(x)%", "100%", "%%%"}) {
    EXPECT_EQ(append_edits({.set = {{"x", value}}}, list).error().code, ErrorCode::kUnsupported) << value;
  }
  ASSERT_TRUE(append_edits({.set = {{"x", "%%a%%%%b"}}}, list).has_value());
  EXPECT_EQ(list.back().value, "%a%%b");
}

}  // namespace
}  // namespace ripstop::policy
