#include "control/store/workload_text.h"

#include <gtest/gtest.h>

namespace ripstop::control {
namespace {

std::string sample() {
  return to_json({.id = "w",
                  .name = "n",
                  .identity = {"td", "ns", "sa"},
                  .inbound = {{80, {{}, 8080}}},
                  .port_names = {{"http", 80}}});
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(WorkloadText, PassesOverFieldsOfANewerVersion) {
  const auto read = workload_from_json(replaced(sample(), "{", R"({"shiny":{"new":[1]},)"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->inbound.at(80).port, 8080);
}

TEST(WorkloadText, RefusesWhatIsOutOfRangeOrOfAnotherType) {
  for (const auto& [from, to] : {std::pair{R"("http":80)", R"("http":70000)"},
                                 {R"("http":80)", R"("http":-1)"},
                                 {R"("http":80)", R"("http":1.5)"},
                                 {R"("http":80)", R"("http":1e300)"},
                                 {R"("http":80)", R"("http":18446744073709551615)"},
                                 {R"("80":)", R"("80000":)"},
                                 {R"(0.0.0.0:8080)", "0.0.0.0"},
                                 {R"("weight":1)", R"("weight":4294967296)"},
                                 {R"("ready":true)", R"("ready":"yes")"},
                                 {"spiffe://td/ns/ns/sa/sa", "spiffe://td/ns/ns"}}) {
    EXPECT_FALSE(workload_from_json(replaced(sample(), from, to))) << to;
  }
  for (const char* text : {"", "[]", "{}", "{", "null"}) EXPECT_FALSE(workload_from_json(text)) << text;
}

}  // namespace
}  // namespace ripstop::control
