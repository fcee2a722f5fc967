#include "control/identity/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "control/identity/certificate_draft.h"
#include "control/identity/private_file.h"
#include "control/identity/sample_request.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{seconds(1'750'000'000)};
const model::Identity kReviews{"cluster.local", "default", "reviews"};

CertificateHandle first_certificate(const std::string& pem) {
  const BioHandle bio = read_only(pem);
  return CertificateHandle(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
}

std::vector<std::pair<int, std::string>> alternative_names(X509* certificate, int* is_critical = nullptr) {
  const GeneralNamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, is_critical, nullptr)));
  std::vector<std::pair<int, std::string>> found;
  for (size_t i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    found.emplace_back(
        type, std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), ASN1_STRING_length(value)));
  }
  return found;
}

class AuthorityTest : public testing::Test {
 protected:
  [[nodiscard]] AuthorityOptions options() const { return {.folder = folder_ / "ca", .mesh_id = "test"}; }
  [[nodiscard]] Authority open(WallTime now = kNow) const {
    Result<Authority> opened = Authority::open(options(), now);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  [[nodiscard]] Result<Authority::Issued> sign(const Authority& authority, WallTime now = kNow,
                                               seconds lifetime = {}) const {
    return authority.sign({.csr_pem = csr_, .identity = kReviews, .dns_names = {}, .lifetime = lifetime}, now);
  }

  TemporaryFolder folder_;
  KeyHandle key_ = make_p256();
  std::string csr_ = SampleRequest{.key = key_.get()}.pem();
};

TEST_F(AuthorityTest, SignsALeafThatVerifiesAndSaysWhoTheWorkloadIs) {
  const Authority authority = open();
  const auto issued = sign(authority);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_TRUE(authority.bundle().verify(issued->chain_pem, "", kNow));

  const CertificateHandle leaf = first_certificate(issued->chain_pem);
  int is_critical = 0;
  const auto names = alternative_names(leaf.get(), &is_critical);
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0], std::pair(GEN_URI, kReviews.to_string()));
  EXPECT_EQ(is_critical, 1) << "the subject is empty";
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(leaf.get())), 0);
  EXPECT_EQ(X509_get_key_usage(leaf.get()), static_cast<uint32_t>(X509v3_KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()), static_cast<uint32_t>(XKU_SSL_SERVER | XKU_SSL_CLIENT));
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_check_private_key(leaf.get(), key_.get()), 1);
  EXPECT_EQ(to_wall_time(X509_get0_notBefore(leaf.get())), kNow - seconds(60));
  EXPECT_EQ(to_wall_time(X509_get0_notAfter(leaf.get())), kNow + hours(24));
  EXPECT_EQ(issued->validity.until, kNow + hours(24));
}

TEST_F(AuthorityTest, GivesEveryLeafItsOwnLongSerialNumber) {
  const Authority authority = open();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const CertificateHandle leaf = first_certificate(sign(authority)->chain_pem);
    const NumberHandle number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.get()), nullptr));
    EXPECT_FALSE(BN_is_negative(number.get()));
    EXPECT_GT(BN_num_bits(number.get()), 64U);
    EXPECT_LE(BN_num_bits(number.get()), 128U);
    const std::unique_ptr<char, FreeWith<OPENSSL_free>> text(BN_bn2hex(number.get()));
    EXPECT_TRUE(seen.insert(text.get()).second);
  }
}

TEST_F(AuthorityTest, TakesNothingButTheKeyFromTheRequest) {
  const auto ask_for_more = [](X509_REQ* request) {
    STACK_OF(X509_EXTENSION)* wanted = sk_X509_EXTENSION_new_null();
    for (const auto& [nid, value] :
         {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_subject_alt_name, "URI:spiffe://cluster.local/ns/kube-system/sa/admin,DNS:evil.example"}}) {
      sk_X509_EXTENSION_push(wanted, X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value));
    }
    X509_REQ_add_extensions(request, wanted);
    sk_X509_EXTENSION_pop_free(wanted, X509_EXTENSION_free);
    X509_NAME* name = X509_REQ_get_subject_name(request);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const uint8_t*>("admin"), 5, -1, 0);
  };
  csr_ = SampleRequest{.key = key_.get(), .shape = ask_for_more}.pem();
  const auto issued = sign(open());
  ASSERT_TRUE(issued) << issued.error().message;
  const CertificateHandle leaf = first_certificate(issued->chain_pem);
  const auto names = alternative_names(leaf.get());
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0].second, kReviews.to_string());
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(leaf.get())), 0);
}

TEST_F(AuthorityTest, AddsTheNamesOfAServerBesideItsIdentity) {
  const Authority authority = open();
  const auto issued =
      authority.sign({.csr_pem = csr_, .identity = kReviews, .dns_names = {"istiod.istio-system.svc"}}, kNow);
  ASSERT_TRUE(issued);
  EXPECT_EQ(alternative_names(first_certificate(issued->chain_pem).get()).at(1),
            std::pair(GEN_DNS, std::string("istiod.istio-system.svc")));
  for (const char* bad : {"", "A.example", "a b", "a/b"}) {
    EXPECT_FALSE(authority.sign({.csr_pem = csr_, .identity = kReviews, .dns_names = {bad}}, kNow)) << bad;
  }
  EXPECT_FALSE(authority.sign({.csr_pem = csr_, .identity = kReviews, .dns_names = {std::string("a\0b", 3)}}, kNow));
}

TEST_F(AuthorityTest, RefusesIdentitiesThatAreNotTheMeshsToGive) {
  const Authority authority = open();
  const auto code = [&](model::Identity identity) {
    const auto issued = authority.sign({.csr_pem = csr_, .identity = std::move(identity)}, kNow);
    return issued ? ErrorCode::kInternal : issued.error().code;
  };
  EXPECT_EQ(code({"other.domain", "default", "reviews"}), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code({"cluster.local", "default", "a/b"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({"cluster.local", "default", ""}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({"cluster.local", "x/sa/admin", "b"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({"cluster.local", std::string("a\0b", 3), "b"}), ErrorCode::kInvalidArgument);
}

TEST_F(AuthorityTest, BoundsLifetimesByItsOwnLimitAndByItsIssuer) {
  const Authority authority = open();
  EXPECT_EQ(sign(authority, kNow, seconds(3))->validity.until, kNow + seconds(3));
  EXPECT_EQ(sign(authority, kNow, hours(24 * 400))->validity.until, kNow + hours(24 * 30));
  const WallTime end = authority.issuer_validity().until;
  EXPECT_EQ(sign(authority, end - hours(1))->validity.until, end);
  EXPECT_EQ(sign(authority, end).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sign(authority, kNow - hours(2)).error().code, ErrorCode::kUnavailable) << "a clock far behind";
}

TEST_F(AuthorityTest, IssuesLeavesThatFailAfterTheirTimeAndUnderAnotherRoot) {
  const Authority authority = open();
  const std::string chain = sign(authority)->chain_pem;
  EXPECT_TRUE(authority.bundle().verify(chain, "", kNow + hours(24) - seconds(1)));
  EXPECT_THAT(authority.bundle().verify(chain, "", kNow + hours(24)).error().message, HasSubstr("expired"));
  EXPECT_FALSE(authority.bundle().verify(chain, "", kNow - seconds(61)));
  const auto other = Authority::open({.folder = folder_ / "other", .mesh_id = "test"}, kNow);
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->bundle().verify(chain, "", kNow)) << "same names, another key";
}

TEST_F(AuthorityTest, KeepsItsRootOverARestartInPrivateFiles) {
  const TrustBundle before = open().bundle();
  EXPECT_EQ(open(kNow + hours(5)).bundle(), before);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "ca")) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "ca").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(AuthorityTest, RefusesKeysThatOthersMayRead) {
  {
    const Authority made = open();
  }
  const std::string file = folder_ / "ca/issuer-1.pem";
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto opened = Authority::open(options(), kNow);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr(file));
  EXPECT_THAT(opened.error().message, HasSubstr("chmod 600"));
}

TEST_F(AuthorityTest, NeverPutsKeyMaterialIntoAnError) {
  {
    const Authority made = open();
  }
  const std::string pem = *read_key_file(folder_ / "ca/issuer-1.pem", Privacy::kOwnerOnly);
  const size_t key = pem.find("-----BEGIN PRIVATE KEY-----") + 28;
  std::string broken = pem;
  broken[key + 70] = '*';
  ASSERT_TRUE(write_private_file(folder_ / "ca/issuer-1.pem", broken));
  const auto opened = Authority::open(options(), kNow);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("no readable private key"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr(pem.substr(key, 8))));
}

TEST_F(AuthorityTest, NeverMakesANewRootWhereAnOldOneWas) {
  const TrustBundle before = open().bundle();
  std::filesystem::remove(folder_ / "ca/rotation.json");
  EXPECT_EQ(open().bundle(), before);
  Authority authority = open();
  ASSERT_TRUE(authority.begin_rotation(kNow));
  std::filesystem::remove(folder_ / "ca/rotation.json");
  const auto opened = Authority::open(options(), kNow);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("rotation.json"));
  folder_.write("ca/rotation.json", R"({"phase":"signing","current":1,"since":0,"last_generation":1})");
  ASSERT_EQ(::chmod((folder_ / "ca/rotation.json").c_str(), 0600), 0);
  EXPECT_FALSE(Authority::open(options(), kNow)) << "signing without a next root makes no sense";
}

TEST_F(AuthorityTest, RenewsItsIntermediateAtHalfOfItsLife) {
  Authority authority = open();
  const std::string old_chain = sign(authority)->chain_pem;
  const WallTime half = kNow + hours(24 * 183);
  EXPECT_FALSE(*authority.maintain(kNow + hours(24 * 180)));
  EXPECT_TRUE(*authority.maintain(half));
  EXPECT_FALSE(*authority.maintain(half));
  EXPECT_GT(authority.issuer_validity().until, kNow + hours(24 * 500));
  EXPECT_TRUE(authority.bundle().verify(sign(authority, half)->chain_pem, "", half));
  EXPECT_TRUE(authority.bundle().verify(old_chain, "", kNow)) << "the root is the same";
  EXPECT_EQ(open(half).issuer_validity().until, authority.issuer_validity().until);
}

TEST_F(AuthorityTest, ExchangesItsRootSoThatEveryLeafVerifiesAllTheTime) {
  Authority authority = open();
  const TrustBundle first = authority.bundle();
  const std::string old_leaf = sign(authority)->chain_pem;

  ASSERT_TRUE(authority.begin_rotation(kNow));
  EXPECT_EQ(authority.phase(), RotationPhase::kDistributing);
  EXPECT_EQ(authority.bundle().roots().size(), 2U);
  EXPECT_TRUE(first.verify(sign(authority)->chain_pem, "", kNow)) << "proxies with the old bundle still verify";
  EXPECT_FALSE(authority.begin_rotation(kNow));

  ASSERT_TRUE(authority.advance_rotation(kNow));
  EXPECT_EQ(authority.phase(), RotationPhase::kSigning);
  const std::string new_leaf = sign(authority)->chain_pem;
  EXPECT_FALSE(first.verify(new_leaf, "", kNow));
  EXPECT_TRUE(authority.bundle().verify(new_leaf, "", kNow));
  EXPECT_TRUE(authority.bundle().verify(old_leaf, "", kNow));

  const auto early = authority.advance_rotation(kNow + hours(24));
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("2025-07-15"));
  authority = open();
  EXPECT_EQ(authority.phase(), RotationPhase::kSigning) << "a restart goes on where it was";
  ASSERT_TRUE(authority.advance_rotation(kNow + hours(24 * 30)));
  EXPECT_EQ(authority.phase(), RotationPhase::kSteady);
  ASSERT_EQ(authority.bundle().roots().size(), 1U);
  EXPECT_FALSE(authority.bundle().verify(old_leaf, "", kNow));
  EXPECT_TRUE(authority.bundle().verify(new_leaf, "", kNow));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ca/root-1.pem")) << "the old key is gone";
  EXPECT_EQ(open().bundle(), authority.bundle());
}

TEST_F(AuthorityTest, TakesBackARootThatDoesNotSignYet) {
  Authority authority = open();
  const TrustBundle before = authority.bundle();
  ASSERT_TRUE(authority.begin_rotation(kNow));
  ASSERT_TRUE(authority.cancel_rotation(kNow));
  EXPECT_EQ(authority.bundle(), before);
  EXPECT_FALSE(authority.cancel_rotation(kNow));
  EXPECT_FALSE(authority.advance_rotation(kNow));
  ASSERT_TRUE(authority.begin_rotation(kNow));
  ASSERT_TRUE(authority.advance_rotation(kNow));
  EXPECT_FALSE(authority.cancel_rotation(kNow));
}

TEST_F(AuthorityTest, IsUnderstoodByDebiansOpenssl) {
  if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "openssl is not installed";
  const Authority authority = open();
  const std::string chain = sign(authority)->chain_pem;
  folder_.write("chain.pem", chain);
  folder_.write("leaf.pem", chain.substr(0, chain.find("-----BEGIN", 10)));
  folder_.write("roots.pem", authority.bundle().pem());
  const auto verify = [this](const std::string& purpose, WallTime at) {
    const std::string command = "openssl verify -x509_strict -purpose " + purpose + " -attime " +
                                std::to_string(WallClock::to_time_t(at)) + " -CAfile " + (folder_ / "roots.pem") +
                                " -untrusted " + (folder_ / "chain.pem") + " " + (folder_ / "leaf.pem") + " >" +
                                (folder_ / "out") + " 2>&1";
    return std::system(command.c_str());
  };
  EXPECT_EQ(verify("sslserver", kNow), 0);
  EXPECT_EQ(verify("sslclient", kNow), 0);
  EXPECT_NE(verify("sslclient", kNow + hours(25)), 0);
  EXPECT_NE(verify("smimesign", kNow), 0);
}

}  // namespace
}  // namespace ripstop::control
