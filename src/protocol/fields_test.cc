#include "protocol/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "protocol/http1/field_line.h"

namespace ripstop::protocol {
namespace {

using testing::ElementsAre;

// Fields as if received in one block.
class FieldsTest : public testing::Test {
 protected:
  void receive(std::string block) {
    block_ = std::move(block);
    fields_.clear();
    fields_.rebase(block_.data());
    for (size_t at = 0; at < block_.size();) {
      const size_t size = block_.find("\r\n", at) - at;
      ASSERT_EQ(parse_field_line(block_, at, size, at == 0, fields_), Fault::kNone);
      at += size + 2;
    }
  }

  std::string encoded() {
    std::string out(fields_.encoded_bound(), '\0');
    out.resize(static_cast<size_t>(fields_.encode(out.data()) - out.data()));
    return out;
  }

  std::string block_;
  Fields fields_;
};

TEST_F(FieldsTest, FindsByIdAndByNameWithoutRegardToCase) {
  receive("HOST: a\r\nX-Thing: 1\r\n");
  EXPECT_EQ(fields_.find(FieldId::kHost), "a");
  EXPECT_EQ(fields_.find("host"), "a");
  EXPECT_EQ(fields_.find("x-tHING"), "1");
  EXPECT_EQ(fields_.find("x-other"), std::nullopt);
  EXPECT_FALSE(fields_.has(FieldId::kCookie));
}

TEST_F(FieldsTest, UnchangedFieldsAreWrittenAsTheyCame) {
  receive("Host: a\r\nB: c\r\n");
  EXPECT_EQ(encoded(), "Host: a\r\nB: c\r\n");
}

TEST_F(FieldsTest, DropsReplacesAndAppends) {
  receive("Host: a\r\nCookie: c\r\nX:1\r\nY: 2\r\nx: 3\r\n");
  EXPECT_EQ(fields_.drop("X"), 2U);
  EXPECT_EQ(fields_.drop(FieldId::kCookie), 1U);
  EXPECT_TRUE(fields_.set("y", "  20 "));
  EXPECT_TRUE(fields_.append("Z", "30"));
  EXPECT_EQ(encoded(), "Host: a\r\ny: 20\r\nZ: 30\r\n");
  EXPECT_EQ(fields_.size(), 3U);
  EXPECT_FALSE(fields_.has(FieldId::kCookie));
}

TEST_F(FieldsTest, AValueCanBeSetFromAnotherFieldOfTheSameObject) {
  receive("Host: a\r\n");
  ASSERT_TRUE(fields_.append("first", std::string(100, 'f')));
  for (int i = 0; i < 8; ++i) {
    const std::string name = "copy" + std::to_string(i);
    ASSERT_TRUE(fields_.append(name, *fields_.find("first")));
    EXPECT_EQ(fields_.find(name), std::string(100, 'f'));
  }
  ASSERT_TRUE(fields_.set("first", *fields_.find("first")));
  EXPECT_EQ(fields_.find("first"), std::string(100, 'f'));
}

TEST_F(FieldsTest, ListedNamesAreSetByTheirId) {
  receive("Host: a\r\nSERVER: theirs\r\nserver: again\r\n");
  EXPECT_TRUE(fields_.set(FieldId::kServer, " ours\t"));
  EXPECT_TRUE(fields_.append(FieldId::kSetCookie, "1"));
  EXPECT_TRUE(fields_.append(FieldId::kSetCookie, *fields_.find(FieldId::kSetCookie)));
  EXPECT_EQ(encoded(), "Host: a\r\nserver: ours\r\nset-cookie: 1\r\nset-cookie: 1\r\n");
  EXPECT_TRUE(fields_.set(FieldId::kServer, ""));
  EXPECT_EQ(fields_.find("server"), "");
  EXPECT_FALSE(fields_.set(FieldId::kServer, "a\nb"));
  EXPECT_FALSE(fields_.append(FieldId::kServer, "a\nb"));
  EXPECT_EQ(fields_.find("server"), "") << "what is refused changes nothing";
}

TEST_F(FieldsTest, InjectionIsRefusedAndChangesNothing) {
  receive("Host: a\r\nX: 1\r\n");
  using namespace std::string_view_literals;
  for (const std::string_view value : {"a\r\nEvil: 1"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, "\x7f"sv}) {
    EXPECT_FALSE(fields_.append("y", value));
    EXPECT_FALSE(fields_.set("x", value));
  }
  for (const std::string_view name : {""sv, "a b"sv, "a:"sv, "a\r\n"sv}) EXPECT_FALSE(fields_.append(name, "v"));
  EXPECT_EQ(encoded(), "Host: a\r\nX: 1\r\n");
}

TEST_F(FieldsTest, CombinesValuesOfOneName) {
  receive("Via: a\r\nX: 1\r\nvia: b\r\n");
  std::string storage;
  EXPECT_EQ(fields_.combined("VIA", storage), "a, b");
  EXPECT_EQ(fields_.combined("x", storage), "1");
  EXPECT_EQ(fields_.combined("y", storage), std::nullopt);
}

TEST_F(FieldsTest, SurvivesAMoveOfTheBuffer) {
  receive("Host: a\r\nX: 1\r\n");
  const std::string moved = block_;
  block_.assign(block_.size(), '?');
  fields_.rebase(moved.data());
  EXPECT_EQ(fields_.find("x"), "1");
  std::vector<std::string> names;
  for (const Field field : fields_) names.emplace_back(field.name);
  EXPECT_THAT(names, ElementsAre("Host", "X"));
}

TEST(FieldId, EveryNameIsIdentifiedInAnyCase) {
  for (size_t i = 1; i < static_cast<size_t>(FieldId::kCount); ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string name(field_name(id));
    EXPECT_EQ(identify(name), id) << name;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(identify(name), id) << name;
    EXPECT_EQ(identify(name + "x"), FieldId::kOther) << name;
  }
  EXPECT_EQ(identify(""), FieldId::kOther);
}

TEST(FieldId, ANameWithAnyOtherByteIsAnother) {
  for (size_t i = 1; i < static_cast<size_t>(FieldId::kCount); ++i) {
    const std::string_view name = field_name(static_cast<FieldId>(i));
    for (size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed(name);
        changed[at] = static_cast<char>(byte);
        const FieldId expected = equals_ignore_case(changed, name) ? static_cast<FieldId>(i) : FieldId::kOther;
        const FieldId found = identify(changed);
        ASSERT_TRUE(found == expected || equals_ignore_case(field_name(found), changed)) << changed;
      }
    }
  }
}

}  // namespace
}  // namespace ripstop::protocol
