#include <gtest/gtest.h>

#include <string>

#include "cli/choice.h"
#include "cli/output/completion.h"
#include "cli/output/document.h"
#include "cli/output/findings.h"
#include "cli/output/table.h"

namespace ripstop::cli {
namespace {

using model::Finding;
using model::Severity;

Finding finding(Severity severity, uint32_t line, uint32_t column) {
  return {.severity = severity,
          .code = "istio/unknown-field",
          .message = "Istio has no field \"subst\" here.",
          .remedy = "Did you mean \"subset\"?",
          .resource = "VirtualService default/reviews",
          .field = "spec.http[0]",
          .file = "a.yaml",
          .line = line,
          .column = column};
}

TEST(Findings, ArePrintedAsCompilersDoWithACaretUnderTheColumn) {
  const SourceTexts sources{{"a.yaml", "one: 1\n  subst: v1\r\n"}};
  EXPECT_EQ(render_findings({finding(Severity::kError, 2, 3)}, sources, {}),
            "a.yaml:2:3: error: Istio has no field \"subst\" here. [istio/unknown-field]\n"
            "    2 |   subst: v1\n"
            "      |   ^\n"
            "      in VirtualService default/reviews: spec.http[0]\n"
            "      help: Did you mean \"subset\"?\n");
}

TEST(Findings, AreInTheOrderOfTheirLines) {
  const std::string text = render_findings({finding(Severity::kNote, 9, 1), finding(Severity::kWarning, 2, 5)}, {}, {});
  EXPECT_LT(text.find("a.yaml:2:5: warning:"), text.find("a.yaml:9:1: note:"));
}

TEST(Findings, ATabInFrontOfTheColumnStaysATab) {
  const std::string text = render_findings({finding(Severity::kError, 1, 3)}, {{"a.yaml", "\t\tx\n"}}, {});
  EXPECT_NE(text.find("      | \t\t^\n"), std::string::npos);
}

TEST(Findings, EscapeSequencesInTheSourceDoNotReachTheTerminal) {
  const std::string text = render_findings({finding(Severity::kError, 1, 1)}, {{"a.yaml", "a\x1b[31m\n"}}, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Findings, LinesBeyondTheFileAndUnknownFilesHaveNoExcerpt) {
  EXPECT_EQ(render_findings({finding(Severity::kError, 7, 1)}, {{"a.yaml", "x"}}, {}).find(" | "), std::string::npos);
  EXPECT_EQ(render_findings({finding(Severity::kError, 7, 1)}, {}, {}).find(" | "), std::string::npos);
}

TEST(Findings, TheSummaryCountsEachSeverity) {
  EXPECT_EQ(summarize_findings({}), "");
  EXPECT_EQ(summarize_findings(
                {finding(Severity::kError, 1, 1), finding(Severity::kError, 2, 1), finding(Severity::kNote, 1, 1)}),
            "2 errors, 1 note in 1 file");
}

TEST(Findings, SurviveJson) {
  const model::Findings findings{finding(Severity::kWarning, 3, 4), finding(Severity::kNote, 0, 0)};
  const Result<model::Findings> back = findings_from_json(findings_to_json(findings));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, findings);
  EXPECT_FALSE(findings_from_json("{}"));
}

TEST(Table, AlignsByWhatIsSeen) {
  Table table({"NAME", "STATE"});
  table.add({"a", Palette{true}.green("yes")});
  table.add({"längst", ""});
  EXPECT_EQ(table.render({}), "NAME    STATE\na       \x1b[32myes\x1b[0m\nlängst  -\n");
  EXPECT_EQ(Table({"A"}).render({}), "");
}

TEST(Document, YamlQuotesStringsThatLookLikeSomethingElse) {
  EXPECT_EQ(
      render_document(R"({"a":"true","b":true,"c":"12","d":12,"e":null,"f":[],"g":{},"h":"x: y"})", Format::kYaml),
      "a: \"true\"\nb: true\nc: \"12\"\nd: 12\ne: null\nf: []\ng: {}\nh: \"x: y\"\n");
}

TEST(Document, YamlKeepsLinesOfText) {
  EXPECT_EQ(render_document(R"({"text":"a: 1\nb: 2\n"})", Format::kYaml), "text: |\n  a: 1\n  b: 2\n");
}

TEST(Document, JsonKeepsTheOrder) {
  EXPECT_EQ(render_document(R"({"b":1,"a":[2]})", Format::kJson), "{\n  \"b\": 1,\n  \"a\": [\n    2\n  ]\n}\n");
}

TEST(Choice, AWrongWordIsAnsweredWithTheNearest) {
  EXPECT_EQ(check_choice("JSON", {"table", "json"}), "");
  EXPECT_EQ(check_choice("jsn", {"table", "json"}), "'jsn' is none of table, json; did you mean json?");
  EXPECT_EQ(check_choice("xml-pretty", {"table", "json"}), "'xml-pretty' is none of table, json");
}

TEST(Completion, QuotesWhatAShellWouldActOn) {
  const CompletedCommand command{"run", "Start someone's program", {"--port"}, {"vs"}};
  EXPECT_NE(zsh_completion({&command, 1}).find("'run:Start someone'\\''s program'"), std::string::npos);
  EXPECT_NE(fish_completion({&command, 1}).find("-l port"), std::string::npos);
  EXPECT_NE(bash_completion({&command, 1}).find("run) options='--port' words='vs'"), std::string::npos);
}

}  // namespace
}  // namespace ripstop::cli
