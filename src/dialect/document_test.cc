#include "dialect/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/scalar.h"

namespace ripstop::dialect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = Node::Kind;

struct Read {
  std::vector<Document> documents;
  model::Findings findings;
};

Read read(std::string_view text, const Limits& limits = {}) {
  Read result;
  result.documents = read_documents("f.yaml", text, 1, result.findings, limits);
  return result;
}

std::string code_of(std::string_view text, const Limits& limits = {}) {
  const Read result = read(text, limits);
  return result.findings.empty() ? "" : result.findings.front().code;
}

TEST(Document, ScalarsHaveTheTypesThatKubernetesGivesThem) {
  const std::vector<std::pair<std::string, Kind>> table = {
      {"9080", Kind::kInteger},    {"\"9080\"", Kind::kText},
      {"'true'", Kind::kText},     {"-7", Kind::kInteger},
      {"0x1F", Kind::kInteger},    {"0o17", Kind::kInteger},
      {"017", Kind::kInteger},     {"1_000", Kind::kInteger},
      {"1.5", Kind::kFloat},       {"1e3", Kind::kFloat},
      {".inf", Kind::kFloat},      {"true", Kind::kBoolean},
      {"no", Kind::kBoolean},      {"On", Kind::kBoolean},
      {"~", Kind::kNull},          {"null", Kind::kNull},
      {"", Kind::kNull},           {"v1", Kind::kText},
      {"1.2.3", Kind::kText},      {"10.0.0.1", Kind::kText},
      {"2024-01-01", Kind::kText}, {"089", Kind::kFloat},
      {"0x", Kind::kText},         {"+", Kind::kText},
      {"!!str 7", Kind::kText},    {"!!int \"7\"", Kind::kInteger},
      {"1.", Kind::kFloat},        {".", Kind::kText},
  };
  for (const auto& [text, kind] : table) {
    const Read result = read("key: " + text);
    ASSERT_THAT(result.documents, SizeIs(1)) << text;
    EXPECT_EQ(result.documents[0].root->find("key")->kind, kind) << text;
  }
}

TEST(Document, NumbersAreReadInTheirBase) {
  EXPECT_EQ(to_integer("0x1F"), 31);
  EXPECT_EQ(to_integer("017"), 15);
  EXPECT_EQ(to_integer("0b101"), 5);
  EXPECT_EQ(to_integer("-1_000"), -1000);
  EXPECT_EQ(to_integer("99999999999999999999"), std::nullopt);
  EXPECT_EQ(to_float("12.5"), 12.5);
  EXPECT_EQ(to_float(".inf"), std::nullopt);
}

TEST(Document, EveryNodeKnowsItsLineAndColumn) {
  const Read result = read("# comment\n---\na: 1\nb:\n  - x\n  - c: deep\n");
  ASSERT_THAT(result.documents, SizeIs(1));
  const Node& b = *result.documents[0].root->find("b");
  EXPECT_EQ(result.documents[0].first_line, 3U);
  EXPECT_EQ(b.items[0]->at, (Position{5, 5}));
  EXPECT_EQ(b.items[1]->entries[0].key_at, (Position{6, 5}));
  EXPECT_EQ(b.items[1]->find("c")->at, (Position{6, 8}));
}

TEST(Document, ReadingGoesOnAfterABrokenDocument) {
  const Read result = read("a: 1\n---\nb: [1, 2\n---\nc: 3\n");
  ASSERT_THAT(result.documents, SizeIs(2));
  EXPECT_EQ(result.documents[1].first_line, 5U);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].code, "document/syntax");
  EXPECT_EQ(result.findings[0].file, "f.yaml");
  EXPECT_GE(result.findings[0].line, 3U);
  EXPECT_FALSE(result.findings[0].remedy.empty());
}

TEST(Document, MarkersAndEmptyDocumentsAreLeftOut) {
  const Read result = read("%YAML 1.2\n---\n# nothing\n---\n--- {a: 1}\n...\n---\r\nb: 2\r\n");
  ASSERT_THAT(result.documents, SizeIs(2));
  EXPECT_EQ(result.documents[0].text, "--- {a: 1}\n");
  EXPECT_EQ(result.documents[1].text, "b: 2\r\n");
  EXPECT_THAT(result.findings, IsEmpty());
}

TEST(Document, JsonIsRead) {
  const Read result = read("{\"a\":\"1\",\"b\":[true,null,-2.5,\"\\u00e9\"],\n\t\"c\":{}}");
  ASSERT_THAT(result.documents, SizeIs(1)) << result.findings[0].message;
  const Node& root = *result.documents[0].root;
  EXPECT_EQ(root.find("a")->kind, Kind::kText);
  EXPECT_EQ(root.find("b")->items[2]->kind, Kind::kFloat);
  EXPECT_EQ(root.find("b")->items[3]->text, "é");
  EXPECT_EQ(root.find("c")->kind, Kind::kMap);
  const Read emoji = read("{\"a\": \"\\ud83d\\ude00 \\\\ud83d\"}");
  ASSERT_THAT(emoji.documents, SizeIs(1)) << emoji.findings[0].message;
  EXPECT_EQ(emoji.documents[0].root->find("a")->text, "😀 \\ud83d");
  EXPECT_EQ(code_of("{\"a\": \"\\ud83d\"}"), "document/syntax");
}

TEST(Document, MergeKeysFillInWhatIsNotWritten) {
  const Read result = read("base: &b {x: 1, y: 2}\nit:\n  <<: *b\n  y: 3\n");
  ASSERT_THAT(result.documents, SizeIs(1));
  const Node& it = *result.documents[0].root->find("it");
  EXPECT_EQ(it.find("x")->text, "1");
  EXPECT_EQ(it.find("y")->text, "3");
  EXPECT_THAT(it.entries, SizeIs(2));
}

TEST(Document, WhatIsAmbiguousOrHostileIsRefused) {
  EXPECT_EQ(code_of("a: 1\na: 2\n"), "document/duplicate-key");
  EXPECT_EQ(code_of("a: &x [*x]\n"), "document/alias");
  EXPECT_EQ(code_of("a: *nowhere\n"), "document/syntax");
  EXPECT_EQ(code_of("a: !custom 1\n"), "document/tag");
  EXPECT_EQ(code_of("a: \xff\n"), "document/encoding");
  EXPECT_EQ(code_of(std::string("a: \0b\n", 6)), "document/encoding");
  EXPECT_EQ(code_of("[a, b]: 1\n"), "document/syntax");
  EXPECT_EQ(code_of("name: {{ .Values.name }}\n"), "document/template");
  EXPECT_EQ(code_of(std::string(100, '[') + std::string(100, ']')), "document/too-deep");
  EXPECT_NE(code_of(std::string(1'000'000, '[')), "");
  EXPECT_EQ(code_of("a: 1", {.bytes = 3}), "document/too-large");
  EXPECT_EQ(code_of("[1, 2, 3]", {.nodes = 3}), "document/too-many-nodes");
  EXPECT_EQ(code_of("key: v", {.key_bytes = 2}), "document/syntax");
}

TEST(Document, AliasesCannotMultiplyWithoutLimit) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 9; ++j) text += ", " + last;
    text += "]\n";
  }
  EXPECT_EQ(code_of(text), "document/too-many-nodes");
  const std::string deep = "a: &a [[[[x]]]]\nb: [[[*a]]]\n";
  EXPECT_EQ(code_of(deep, {.depth = 8}), "document/too-deep");
  EXPECT_EQ(code_of(deep, {.depth = 9}), "");
}

TEST(Document, ALongTextCannotBeMultipliedByAliases) {
  std::string text = "a: &a \"" + std::string(1'000'000, 'x') + "\"\nb: [*a";
  for (int i = 0; i < 100; ++i) text += ", *a";
  EXPECT_EQ(code_of(text + "]\n"), "document/too-many-nodes");
}

TEST(Document, TheBudgetOfNodesCountsForAllDocumentsTogether) {
  const Read result = read("[1, 2]\n---\n[3, 4]\n", {.nodes = 4});
  EXPECT_THAT(result.documents, SizeIs(1));
  EXPECT_THAT(result.findings, SizeIs(1));
}

TEST(Document, FindingsAreBounded) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "---\n[\n";
  EXPECT_THAT(read(text, {.findings = 5}).findings, SizeIs(5));
}

bool is_same(const Node& left, const Node& right) {
  if (left.kind != right.kind || left.text != right.text || left.entries.size() != right.entries.size() ||
      left.items.size() != right.items.size()) {
    return false;
  }
  for (size_t i = 0; i < left.entries.size(); ++i) {
    if (left.entries[i].key != right.entries[i].key) return false;
    if (!is_same(*left.entries[i].value, *right.entries[i].value)) return false;
  }
  for (size_t i = 0; i < left.items.size(); ++i) {
    if (!is_same(*left.items[i], *right.items[i])) return false;
  }
  return true;
}

TEST(Document, WhatIsWrittenReadsBackAsTheSameTree) {
  const Read first = read(
      "a: \"9080\"\nb: 9080\nc: [\"yes\", yes, ~, \"\", \"~\", 1.5, \"two\\nlines\", ' lead', \"a: b\", \"#x\"]\n"
      "d: {}\ne: []\n\"007\": x\nf: {g: [{h: \"é\"}, [[]]]}\n");
  ASSERT_THAT(first.documents, SizeIs(1));
  const std::string text = to_yaml(*first.documents[0].root);
  const Read second = read(text);
  ASSERT_THAT(second.documents, SizeIs(1)) << text;
  EXPECT_TRUE(is_same(*first.documents[0].root, *second.documents[0].root)) << text;
}

}  // namespace
}  // namespace ripstop::dialect
