#include "policy/connection/peer_name.h"

#include <gtest/gtest.h>

#include <string>

namespace ripstop::policy {
namespace {

using model::MatchKind;
using Type = SubjectName::Type;

constexpr const char* kReviews = "spiffe://cluster.local/ns/default/sa/reviews";

struct Row {
  model::StringMatch pattern;
  SubjectName name;
  bool accepted;
};

TEST(PeerNames, NeverTakeANameOfOneTypeForTheOther) {
  const std::vector<Row> rows = {
      {{MatchKind::kExact, kReviews}, {Type::kUri, kReviews}, true},
      {{MatchKind::kExact, kReviews}, {Type::kDns, kReviews}, false},
      {{MatchKind::kExact, kReviews}, {Type::kUri, "spiffe://cluster.local/ns/default/sa/Reviews"}, false},
      {{MatchKind::kExact, kReviews}, {Type::kUri, "spiffe://cluster.local/ns/default/sa/reviews2"}, false},
      {{MatchKind::kPrefix, "spiffe://cluster.local/"}, {Type::kUri, kReviews}, true},
      {{MatchKind::kPrefix, "spiffe://cluster.local/"}, {Type::kDns, kReviews}, false},
      {{MatchKind::kPrefix, "spiffe:"}, {Type::kUri, kReviews}, true},
      {{MatchKind::kSuffix, "/sa/reviews"}, {Type::kUri, kReviews}, true},
      {{MatchKind::kSuffix, "/sa/reviews"}, {Type::kDns, kReviews}, false},
      {{MatchKind::kRegex, "spiffe://[^/]+/ns/default/sa/.*"}, {Type::kUri, kReviews}, true},
      {{MatchKind::kRegex, ".*"}, {Type::kUri, kReviews}, false},
      {{MatchKind::kSuffix, "example.com"}, {Type::kUri, "spiffe://evil/sa/example.com"}, false},
      {{MatchKind::kSuffix, ".example.com"}, {Type::kDns, "a.example.com"}, true},
      {{MatchKind::kExact, "a.example.com"}, {Type::kDns, "A.Example.COM"}, true},
      {{MatchKind::kSuffix, ".Example.com"}, {Type::kDns, "a.eXample.com"}, true},
      {{MatchKind::kRegex, "[ab]\\.example\\.com"}, {Type::kDns, "B.example.com"}, true},
      {{MatchKind::kExact, "a.example.com"}, {Type::kDns, "*.example.com"}, true},
      {{MatchKind::kExact, "a.b.example.com"}, {Type::kDns, "*.example.com"}, false},
      {{MatchKind::kExact, "example.com"}, {Type::kDns, "*.example.com"}, false},
      {{MatchKind::kExact, ".example.com"}, {Type::kDns, "*.example.com"}, false},
      {{MatchKind::kExact, "*"}, {Type::kDns, "*"}, false},
      {{MatchKind::kPresent, ""}, {Type::kDns, "a.example.com"}, true},
      {{MatchKind::kPresent, ""}, {Type::kUri, kReviews}, true},
      {{MatchKind::kPresent, ""}, {Type::kDns, "a b"}, false},
      {{MatchKind::kPresent, ""}, {Type::kDns, ""}, false},
      {{MatchKind::kPresent, ""}, {Type::kUri, "no-scheme"}, false},
      {{MatchKind::kPresent, ""}, {Type::kUri, "spiffe://a/\x01"}, false},
      {{MatchKind::kPrefix, ""}, {Type::kDns, "a.example.com/x"}, false},
  };
  for (const Row& row : rows) {
    const auto names = PeerNames::compile({&row.pattern, 1});
    ASSERT_TRUE(names.has_value());
    EXPECT_EQ(names->check({&row.name, 1}).has_value(), row.accepted) << row.pattern.text << " for " << row.name.text;
  }
}

TEST(PeerNames, RefuseTheWholeCertificateForANul) {
  const std::string hidden("spiffe://cluster.local/ns/default/sa/reviews\0.evil", 50);
  const std::vector<SubjectName> names = {{Type::kUri, kReviews}, {Type::kUri, hidden}};
  for (const std::vector<model::StringMatch>& patterns :
       {std::vector<model::StringMatch>{{MatchKind::kExact, kReviews}}, std::vector<model::StringMatch>{}}) {
    const Status status = PeerNames::compile(patterns)->check(names);
    ASSERT_FALSE(status.has_value());
    EXPECT_NE(status.error().message.find("NUL"), std::string::npos);
  }
}

TEST(PeerNames, AcceptAnyNameWithoutPatterns) {
  const auto names = PeerNames::compile({});
  EXPECT_TRUE(names->accepts_all());
  EXPECT_TRUE(names->check({}).has_value());
}

TEST(PeerNames, RefuseACertificateWithoutNames) {
  const std::vector<model::StringMatch> patterns = {{MatchKind::kPresent, ""}};
  EXPECT_EQ(PeerNames::compile(patterns)->check({}).error().code, ErrorCode::kPermissionDenied);
}

TEST(PeerNames, AcceptAnyOfSeveral) {
  const std::vector<model::StringMatch> patterns = {{MatchKind::kExact, "spiffe://a/ns/b/sa/c"},
                                                    {MatchKind::kExact, kReviews}};
  const std::vector<SubjectName> names = {{Type::kDns, "other"}, {Type::kUri, kReviews}};
  EXPECT_TRUE(PeerNames::compile(patterns)->check(names).has_value());
}

TEST(PeerNames, OutliveTheirPatterns) {
  std::optional<PeerNames> names;
  {
    const std::vector<model::StringMatch> patterns = {{MatchKind::kExact, kReviews}};
    names = *PeerNames::compile(patterns);
  }
  const SubjectName name{Type::kUri, kReviews};
  EXPECT_TRUE(names->check({&name, 1}).has_value());
}

TEST(PeerNames, SayWhoThePeerIsWithoutRepeatingControlBytes) {
  const std::vector<model::StringMatch> patterns = {{MatchKind::kExact, kReviews}};
  const std::vector<SubjectName> names = {{Type::kUri, "spiffe://cluster.local/ns/default/sa/\x1b[31mratings"}};
  const std::string message = PeerNames::compile(patterns)->check(names).error().message;
  EXPECT_NE(message.find("ratings"), std::string::npos);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace ripstop::policy
