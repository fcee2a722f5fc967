#include "cli/capture/ruleset.h"

#include <gtest/gtest.h>

namespace ripstop::cli {
namespace {

size_t position(const std::string& text, std::string_view part) {
  const size_t found = text.find(part);
  EXPECT_NE(found, std::string::npos) << part << "\nin\n" << text;
  return found;
}

TEST(Ruleset, AMembersDnsIsTakenBeforeLoopbackIsLeftAlone) {
  const std::string rules = member_ruleset();
  EXPECT_LT(position(rules, "udp dport 53 redirect to :15053"), position(rules, "ip daddr 127.0.0.0/8 return"));
  EXPECT_LT(position(rules, "tcp dport 53 redirect to :15053"), position(rules, "ip6 daddr ::1 return"));
  EXPECT_LT(position(rules, "ip6 daddr ::1 return"), position(rules, "meta l4proto tcp redirect to :15001"));
  EXPECT_EQ(rules.find("15006"), std::string::npos) << "nothing comes in from outside";
}

TEST(Ruleset, EveryRulesetReplacesTheTableInOneTransaction) {
  for (const std::string& rules : {member_ruleset(), redirect_ruleset({.proxy_user = 1})}) {
    EXPECT_EQ(rules.find("add table inet ripstop\ndelete table inet ripstop\ntable inet ripstop {\n"), 0U);
  }
  EXPECT_EQ(removal_ruleset(), "add table inet ripstop\ndelete table inet ripstop\n");
}

TEST(Ruleset, TheProxyIsExemptBeforeAnythingIsRedirected) {
  const std::string rules = redirect_ruleset({.proxy_user = 1337, .proxy_group = 1338});
  const size_t outbound = position(rules, "chain outbound");
  EXPECT_LT(outbound, position(rules, "meta skuid 1337 return"));
  EXPECT_LT(position(rules, "meta skgid 1338 return"), position(rules, "udp dport 53 redirect"));
}

TEST(Ruleset, ExclusionsStandInTheirOwnChainOnly) {
  const std::string rules =
      redirect_ruleset({.proxy_user = 1337,
                        .proxy_group = {},
                        .excluded_inbound_ports = {80, 22, 80},
                        .excluded_outbound_ports = {3306},
                        .excluded_outbound_blocks = {*CidrBlock::parse("10.0.0.0/8"), *CidrBlock::parse("fd00::/8")}});
  const size_t outbound = position(rules, "chain outbound");
  EXPECT_LT(position(rules, "tcp dport { 22, 80 } return"), outbound) << "sorted, each once";
  EXPECT_GT(position(rules, "tcp dport { 3306 } return"), outbound);
  EXPECT_GT(position(rules, "ip daddr 10.0.0.0/8 return"), outbound);
  EXPECT_GT(position(rules, "ip6 daddr fd00::/8 return"), outbound);
}

TEST(Ruleset, DnsCanBeLeftAlone) {
  const std::string rules = redirect_ruleset({.proxy_user = 1337, .captures_dns = false});
  EXPECT_EQ(rules.find("15053"), std::string::npos);
}

TEST(Ruleset, WhatIsMeantForTheProxyItselfIsNotTurnedAround) {
  EXPECT_NE(redirect_ruleset({.proxy_user = 1}).find("tcp dport { 15001, 15006 } return"), std::string::npos);
}

}  // namespace
}  // namespace ripstop::cli
