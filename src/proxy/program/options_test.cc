#include "proxy/program/options.h"

#include <gtest/gtest.h>

namespace ripstop::proxy {
namespace {

Result<Options> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "ripstop-proxy");
  return parse_options(static_cast<int>(words.size()), words.data());
}

std::string refusal(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Options, TakeValuesBehindOrBesideTheirNames) {
  const auto parsed = parse({"-c", "a.yaml", "--concurrency=3", "--log-level", "debug", "--drain-time-s", "0",
                             "--listen-fd", "5", "--listen-fd=6", "--dns-fd", "7", "--mode", "validate"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->bootstrap, "a.yaml");
  EXPECT_EQ(parsed->concurrency, 3U);
  EXPECT_EQ(parsed->log_level, log::Level::kDebug);
  EXPECT_EQ(parsed->drain_time, Duration::zero());
  EXPECT_EQ(parsed->listen_fds, (std::vector<int>{5, 6}));
  EXPECT_EQ(parsed->dns_fds, std::vector<int>{7});
  EXPECT_TRUE(parsed->only_validates);
}

TEST(Options, SuggestTheNearestName) {
  EXPECT_NE(refusal({"-c", "a", "--concurency", "2"}).find("did you mean --concurrency?"), std::string::npos);
  EXPECT_NE(refusal({"-c", "a", "stray"}).find("unknown option stray"), std::string::npos);
}

TEST(Options, RefuseWhatDoesNotFit) {
  EXPECT_NE(refusal({}).find("-c FILE"), std::string::npos);
  EXPECT_NE(refusal({"-c"}).find("-c wants FILE"), std::string::npos);
  for (const char* word : {"--concurrency=257", "--concurrency=-1", "--concurrency=2x", "--log-level=loud",
                           "--drain-time-s=3601", "--mode=try", "--listen-fd=-1", "--ca=nowhere", "--spiffe-id="}) {
    EXPECT_NE(refusal({"-c", "a", word}).find(" wants "), std::string::npos) << word;
  }
  EXPECT_NE(refusal({"-c", "a", "--ca", "127.0.0.1:15012"}).find("--ca-roots"), std::string::npos);
}

TEST(Options, HelpAndVersionNeedNothingElse) {
  EXPECT_TRUE(parse({"--help"})->wants_help);
  EXPECT_TRUE(parse({"--version"})->wants_version);
  for (const char* name : {"--concurrency", "--join-token-file", "-c FILE"}) {
    EXPECT_NE(help_text().find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace ripstop::proxy
