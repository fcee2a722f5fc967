#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/identity/authority.h"
#include "control/identity/certificate_draft.h"
#include "control/identity/sample_request.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr WallTime kNow{seconds(1'750'000'000)};
constexpr Validity kYear{kNow - hours(1), kNow + hours(24 * 365)};

// An operator's CA: a root and what it signs.
struct Signed {
  CertificateHandle certificate;
  KeyHandle key = make_p256();

  [[nodiscard]] std::string pem() const { return to_pem(certificate.get()); }
  [[nodiscard]] std::string key_pem() const {
    const BioHandle out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return contents(out.get());
  }
};

Signed make(const std::string& name, const Signed* by, const char* constraints = "critical,CA:TRUE",
            const char* usage = "critical,keyCertSign", Validity validity = kYear) {
  Signed made;
  CertificateDraft draft(made.key.get(), validity);
  draft.set_subject("operator", name);
  draft.add_extension(NID_basic_constraints, constraints);
  draft.add_extension(NID_key_usage, usage);
  made.certificate =
      *draft.sign(by == nullptr ? nullptr : by->certificate.get(), by == nullptr ? made.key.get() : by->key.get());
  return made;
}

class GivenAuthorityTest : public testing::Test {
 protected:
  void give(const std::string& certificate, const std::string& key, const std::string& chain,
            const std::string& roots) {
    folder_.write("ca-cert.pem", certificate);
    folder_.write("ca-key.pem", key);
    folder_.write("cert-chain.pem", chain);
    folder_.write("root-cert.pem", roots);
  }
  [[nodiscard]] Result<Authority> open(WallTime now = kNow) const {
    return Authority::open({.folder = folder_ / "unused",
                            .given = GivenFiles{folder_ / "ca-cert.pem", folder_ / "ca-key.pem",
                                                folder_ / "cert-chain.pem", folder_ / "root-cert.pem"}},
                           now);
  }
  [[nodiscard]] std::string complaint(WallTime now = kNow) const {
    const auto opened = open(now);
    return opened ? "was accepted" : opened.error().message;
  }
  [[nodiscard]] std::string sign(const Authority& authority) const {
    return authority.sign({.csr_pem = csr_, .identity = {"cluster.local", "a", "b"}}, kNow)->chain_pem;
  }

  TemporaryFolder folder_;
  Signed root_ = make("root", nullptr);
  Signed middle_ = make("middle", &root_);
  Signed issuer_ = make("issuer", &middle_);
  KeyHandle leaf_key_ = make_p256();
  std::string csr_ = SampleRequest{.key = leaf_key_.get()}.pem();
};

TEST_F(GivenAuthorityTest, SendsNoCertificateTwiceAndNoRoot) {
  give(issuer_.pem(), issuer_.key_pem(), issuer_.pem() + middle_.pem() + root_.pem(), root_.pem());
  const auto authority = open();
  ASSERT_TRUE(authority) << authority.error().message;
  const std::string chain = sign(*authority);
  EXPECT_EQ(chain.substr(chain.find(issuer_.pem())), issuer_.pem() + middle_.pem());
}

TEST_F(GivenAuthorityTest, SignsUnderAChainOfTheOperators) {
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), root_.pem());
  const auto authority = open();
  ASSERT_TRUE(authority) << authority.error().message;
  EXPECT_TRUE(authority->bundle().verify(sign(*authority), "", kNow));
}

TEST_F(GivenAuthorityTest, TakesTheChainFromTheCertificatesOwnFileToo) {
  give(issuer_.pem() + middle_.pem(), issuer_.key_pem(), "", root_.pem());
  const auto authority = open();
  ASSERT_TRUE(authority) << authority.error().message;
  EXPECT_TRUE(authority->bundle().verify(sign(*authority), "", kNow));
}

TEST_F(GivenAuthorityTest, SignsWithARootAndDoesNotSendItToPeers) {
  give(root_.pem(), root_.key_pem(), "", root_.pem());
  const auto authority = open();
  ASSERT_TRUE(authority) << authority.error().message;
  const std::string chain = sign(*authority);
  EXPECT_EQ(chain.find(root_.pem()), std::string::npos);
  EXPECT_TRUE(authority->bundle().verify(chain, "", kNow));
}

TEST_F(GivenAuthorityTest, NamesTheFileAndTheRemedyForEveryMistake) {
  const Signed stranger = make("stranger", nullptr);
  give(issuer_.pem(), stranger.key_pem(), middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(), testing::AllOf(HasSubstr("ca-key.pem"), HasSubstr("does not belong")));
  give(issuer_.pem(), issuer_.key_pem(), "", root_.pem());
  EXPECT_THAT(complaint(), testing::AllOf(HasSubstr("root-cert.pem"), HasSubstr("put the certificates between")));
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), stranger.pem());
  EXPECT_THAT(complaint(), HasSubstr("would not be accepted under the roots"));
  give("no pem", issuer_.key_pem(), middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(), testing::AllOf(HasSubstr("ca-cert.pem"), HasSubstr("no readable PEM certificate")));
  give(issuer_.pem(), "no pem", middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(), testing::AllOf(HasSubstr("ca-key.pem"), HasSubstr("no readable private key")));
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), "");
  EXPECT_THAT(complaint(), testing::AllOf(HasSubstr("root-cert.pem"), HasSubstr("no PEM certificate")));
  const Signed leaf = make("leaf", &middle_, "critical,CA:FALSE", "critical,digitalSignature");
  give(leaf.pem(), leaf.key_pem(), middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(), HasSubstr("CA:TRUE"));
  const Signed dumb = make("dumb", &middle_, "critical,CA:TRUE", "critical,digitalSignature");
  give(dumb.pem(), dumb.key_pem(), middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(), HasSubstr("keyCertSign"));
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), root_.pem());
  EXPECT_THAT(complaint(kNow + hours(24 * 400)), HasSubstr("has run out"));
  EXPECT_THAT(complaint(kNow - hours(24)), HasSubstr("check the clock"));
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), root_.pem() + leaf.pem());
  EXPECT_THAT(complaint(), HasSubstr("cannot be a root"));
}

TEST_F(GivenAuthorityTest, RefusesAChainThatIsTooLongForItsPathLength) {
  const Signed last = make("last", &root_, "critical,CA:TRUE,pathlen:0");
  const Signed below = make("below", &last);
  give(below.pem(), below.key_pem(), last.pem(), root_.pem());
  EXPECT_THAT(complaint(), HasSubstr("path length"));
}

TEST_F(GivenAuthorityTest, FollowsTheFilesAndKeepsTheOldOnesWhenTheNewAreBad) {
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), root_.pem());
  auto authority = open();
  ASSERT_TRUE(authority);
  EXPECT_FALSE(*authority->maintain(kNow));
  const Signed next = make("next root", nullptr);
  give(issuer_.pem(), issuer_.key_pem(), middle_.pem(), root_.pem() + next.pem());
  EXPECT_TRUE(*authority->maintain(kNow));
  EXPECT_EQ(authority->bundle().roots().size(), 2U);
  give(next.pem(), issuer_.key_pem(), "", root_.pem() + next.pem());
  EXPECT_FALSE(authority->maintain(kNow)) << "the key is still the old one";
  EXPECT_TRUE(authority->bundle().verify(sign(*authority), "", kNow));
  give(next.pem(), next.key_pem(), "", root_.pem() + next.pem());
  EXPECT_TRUE(*authority->maintain(kNow));
  EXPECT_TRUE(TrustBundle::parse(next.pem(), "x")->verify(sign(*authority), "", kNow));
  EXPECT_EQ(authority->begin_rotation(kNow).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(authority->advance_rotation(kNow).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ripstop::control
