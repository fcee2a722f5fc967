#include "policy/connection/filter_chain.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ripstop::policy {
namespace {

model::FilterChain chain(std::string name, model::FilterChainMatch match) {
  return {.name = std::move(name), .match = std::move(match), .filter = model::TcpProxy{}};
}

CidrBlock block(const char* text) {
  return *CidrBlock::parse(text);
}

struct Facts {
  const char* destination = "10.0.0.1:80";
  std::string_view server_name;
  std::string_view transport = "raw_buffer";
  std::vector<std::string_view> protocols;
};

std::string chosen(const model::Listener& listener, const Facts& facts) {
  const auto chains = FilterChains::compile(listener);
  EXPECT_TRUE(chains.has_value()) << chains.error().message;
  if (!chains) return "?";
  const auto* found = chains->choose({.destination = *SocketAddress::parse(facts.destination),
                                      .server_name = facts.server_name,
                                      .transport_protocol = facts.transport,
                                      .application_protocols = facts.protocols});
  return found == nullptr ? "" : found->name;
}

std::string compile_error(const model::Listener& listener) {
  const auto chains = FilterChains::compile(listener);
  EXPECT_FALSE(chains.has_value());
  return chains ? "" : chains.error().message;
}

TEST(FilterChains, PreferThePortAndNeverComeBack) {
  const model::Listener listener{
      .name = "l",
      .filter_chains = {chain("port-tls", {.destination_port = 80, .transport_protocol = "tls"}), chain("any", {})},
      .default_filter_chain = chain("default", {})};
  EXPECT_EQ(chosen(listener, {.destination = "10.0.0.1:81"}), "any");
  EXPECT_EQ(chosen(listener, {.destination = "10.0.0.1:80", .transport = "tls"}), "port-tls");
  EXPECT_EQ(chosen(listener, {.destination = "10.0.0.1:80"}), "default");
}

TEST(FilterChains, TakeTheLongestPrefix) {
  const model::Listener listener{
      .name = "l",
      .filter_chains = {chain("host", {.destination_ranges = {block("10.1.2.3/32")}}),
                        chain("net", {.destination_ranges = {block("10.1.0.0/16"), block("2001:db8::/32")}}),
                        chain("wide", {.destination_ranges = {block("10.0.0.0/8")}}),
                        chain("all-v4", {.destination_ranges = {block("0.0.0.0/0")}}), chain("any", {})}};
  EXPECT_EQ(chosen(listener, {.destination = "10.1.2.3:80"}), "host");
  EXPECT_EQ(chosen(listener, {.destination = "10.1.2.4:80"}), "net");
  EXPECT_EQ(chosen(listener, {.destination = "10.2.0.1:80"}), "wide");
  EXPECT_EQ(chosen(listener, {.destination = "192.0.2.1:80"}), "all-v4");
  EXPECT_EQ(chosen(listener, {.destination = "[2001:db8:1::1]:80"}), "net");
  EXPECT_EQ(chosen(listener, {.destination = "[2001:db9::1]:80"}), "any");
}

TEST(FilterChains, ReadARangeWhoseHostBitsAreSet) {
  CidrBlock untidy = block("10.1.2.3/32");
  untidy.prefix_bits = 12;
  const model::Listener listener{.name = "l", .filter_chains = {chain("net", {.destination_ranges = {untidy}})}};
  EXPECT_EQ(chosen(listener, {.destination = "10.15.9.9:80"}), "net");
  EXPECT_EQ(chosen(listener, {.destination = "10.16.0.0:80"}), "");
}

TEST(FilterChains, PreferTheExactNameThenTheLongestWildcard) {
  const model::Listener listener{
      .name = "l",
      .filter_chains = {chain("exact", {.server_names = {"a.example.com"}}),
                        chain("long", {.server_names = {"*.b.example.com"}}),
                        chain("short", {.server_names = {"*.example.com", "*.org"}}), chain("any", {})}};
  const auto by_name = [&](std::string_view name) {
    return chosen(listener, {.server_name = name, .transport = "tls"});
  };
  EXPECT_EQ(by_name("a.example.com"), "exact");
  EXPECT_EQ(by_name("x.b.example.com"), "long");
  EXPECT_EQ(by_name("x.y.b.example.com"), "long");
  EXPECT_EQ(by_name("b.example.com"), "short");
  EXPECT_EQ(by_name("x.org"), "short");
  EXPECT_EQ(by_name("example.com"), "any");
  EXPECT_EQ(by_name(""), "any");
  EXPECT_EQ(by_name("x"), "any");
  EXPECT_EQ(by_name("."), "any");
  EXPECT_EQ(by_name("x."), "any");
  EXPECT_EQ(by_name(".example.com"), "any");
}

TEST(FilterChains, ChooseByTransportThenByTheClientsFirstProtocol) {
  const model::Listener listener{
      .name = "l",
      .filter_chains = {
          chain("mesh", {.transport_protocol = "tls", .application_protocols = {"istio", "istio-h2"}}),
          chain("tls", {.transport_protocol = "tls"}),
          chain("http", {.transport_protocol = "raw_buffer", .application_protocols = {"http/1.1", "h2c"}}),
          chain("tcp", {})}};
  EXPECT_EQ(chosen(listener, {.transport = "tls", .protocols = {"h2", "istio-h2"}}), "mesh");
  EXPECT_EQ(chosen(listener, {.transport = "tls", .protocols = {"h2"}}), "tls");
  EXPECT_EQ(chosen(listener, {.transport = "raw_buffer", .protocols = {"http/1.1"}}), "http");
  EXPECT_EQ(chosen(listener, {.transport = "raw_buffer"}), "");
  EXPECT_EQ(chosen(listener, {.transport = "quic"}), "tcp");
}

TEST(FilterChains, RefuseTwoChainsForTheSameConnections) {
  const model::Listener listener{.name = "l",
                                 .filter_chains = {chain("one", {.server_names = {"a.example", "b.example"}}),
                                                   chain("two", {.server_names = {"b.example"}})}};
  const std::string message = compile_error(listener);
  for (const char* part : {"'l'", "'one'", "'two'"}) EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(FilterChains, AcceptAValueListedTwice) {
  const model::Listener listener{.name = "l", .filter_chains = {chain("one", {.server_names = {"a", "a"}})}};
  EXPECT_EQ(chosen(listener, {.server_name = "a"}), "one");
}

TEST(FilterChains, RefusePartialWildcardsAndCapitals) {
  for (const char* name : {"*", "a*.example", "*a.example", "*.*.example", "*.", "", "A.example"}) {
    const model::Listener listener{.name = "l", .filter_chains = {chain("c", {.server_names = {name}})}};
    EXPECT_FALSE(compile_error(listener).empty()) << name;
  }
}

TEST(FilterChains, BoundTheirCombinations) {
  model::FilterChainMatch match;
  for (int i = 0; i < 400; ++i) {
    match.server_names.push_back("n" + std::to_string(i));
    match.application_protocols.push_back("p" + std::to_string(i));
  }
  const model::Listener listener{.name = "l", .filter_chains = {chain("c", match)}};
  EXPECT_NE(compile_error(listener).find("combinations"), std::string::npos);
}

TEST(ListenerTable, PrefersTheExactAddressThenTheWildcardOfThePort) {
  const auto listener = [](const char* name, const char* address) {
    return model::Listener{.name = name, .address = *SocketAddress::parse(address), .bind_to_port = false};
  };
  model::Listener capture = listener("capture", "0.0.0.0:15001");
  capture.use_original_dst = true;
  model::Listener exact = listener("exact", "10.96.0.1:80");
  exact.more_addresses = {*SocketAddress::parse("[fd00::1]:80")};
  const model::Listener any = listener("any", "0.0.0.0:80");
  const model::Listener any6 = listener("any6", "[::]:81");
  const std::vector<const model::Listener*> all = {&capture, &exact, &any, &any6};
  const ListenerTable table(all);
  const auto name = [&](const char* destination) -> std::string {
    const model::Listener* found = table.find(*SocketAddress::parse(destination));
    return found == nullptr ? "" : found->name;
  };
  EXPECT_EQ(name("10.96.0.1:80"), "exact");
  EXPECT_EQ(name("[fd00::1]:80"), "exact");
  EXPECT_EQ(name("10.96.0.2:80"), "any");
  EXPECT_EQ(name("[fd00::2]:80"), "");
  EXPECT_EQ(name("10.96.0.2:81"), "any6");
  EXPECT_EQ(name("[fd00::2]:81"), "any6");
  EXPECT_EQ(name("10.96.0.1:443"), "");
  EXPECT_EQ(name("10.0.0.1:15001"), "");
}

}  // namespace
}  // namespace ripstop::policy
