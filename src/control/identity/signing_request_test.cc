#include "control/identity/signing_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/identity/sample_request.h"

namespace ripstop::control {
namespace {

using testing::HasSubstr;

ErrorCode refusal(const std::string& pem) {
  const auto parsed = SigningRequest::parse(pem);
  if (parsed) ADD_FAILURE() << "was accepted: " << pem.substr(0, 200);
  return parsed ? ErrorCode::kInternal : parsed.error().code;
}

TEST(SigningRequest, AcceptsEveryKeyOfTheAllowList) {
  const KeyHandle p256 = make_p256();
  const KeyHandle p384 = make_key(EVP_PKEY_EC, NID_secp384r1);
  const KeyHandle rsa = make_key(EVP_PKEY_RSA, 2048);
  const KeyHandle ed25519 = make_key(EVP_PKEY_ED25519, 0);
  EXPECT_TRUE(SigningRequest::parse(SampleRequest{.key = p256.get()}.pem()));
  EXPECT_TRUE(SigningRequest::parse(SampleRequest{.key = p384.get(), .digest = EVP_sha384()}.pem()));
  EXPECT_TRUE(SigningRequest::parse(SampleRequest{.key = rsa.get()}.pem()));
  EXPECT_TRUE(SigningRequest::parse(SampleRequest{.key = ed25519.get(), .digest = nullptr}.pem()));
}

TEST(SigningRequest, RefusesWeakKeysAndHashes) {
  const KeyHandle rsa = make_key(EVP_PKEY_RSA, 1024);
  const KeyHandle p224 = make_key(EVP_PKEY_EC, NID_secp224r1);
  const KeyHandle p521 = make_key(EVP_PKEY_EC, NID_secp521r1);
  const KeyHandle p256 = make_p256();
  EXPECT_EQ(refusal(SampleRequest{.key = rsa.get()}.pem()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(SampleRequest{.key = p224.get()}.pem()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(SampleRequest{.key = p521.get()}.pem()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(SampleRequest{.key = p256.get(), .digest = EVP_sha1()}.pem()), ErrorCode::kInvalidArgument);
}

TEST(SigningRequest, DemandsProofThatTheSenderHasThePrivateKey) {
  const KeyHandle own = make_p256();
  const KeyHandle stolen = make_p256();
  EXPECT_EQ(refusal(SampleRequest{.key = stolen.get(), .signer = own.get()}.pem()), ErrorCode::kPermissionDenied);
}

TEST(SigningRequest, RefusesWhatIsNotExactlyOneReadableBlock) {
  const KeyHandle key = make_p256();
  const std::string good = SampleRequest{.key = key.get()}.pem();
  EXPECT_EQ(refusal(""), ErrorCode::kParse);
  EXPECT_EQ(refusal(good + good), ErrorCode::kParse);
  EXPECT_EQ(refusal(good.substr(0, good.size() / 2)), ErrorCode::kParse);
  std::string with_zero = good;
  with_zero.insert(60, 1, '\0');
  EXPECT_EQ(refusal(with_zero), ErrorCode::kParse);
  EXPECT_EQ(refusal(good + std::string("\0x", 2)), ErrorCode::kParse);
  std::string renamed = good;
  for (size_t at; (at = renamed.find("CERTIFICATE REQUEST")) != std::string::npos;)
    renamed.replace(at, 19, "CERTIFICATE");
  EXPECT_EQ(refusal(renamed), ErrorCode::kParse);
  std::string encrypted = good;
  encrypted.insert(good.find('\n') + 1,
                   "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n");
  EXPECT_EQ(refusal(encrypted), ErrorCode::kParse);
}

TEST(SigningRequest, HasABudgetThatIsCheckedBeforeAnythingIsRead) {
  const KeyHandle key = make_p256();
  const std::string good = SampleRequest{.key = key.get()}.pem();
  EXPECT_TRUE(SigningRequest::parse(good + std::string(kMaxRequestBytes - good.size(), '\n')));
  EXPECT_EQ(refusal(good + std::string(kMaxRequestBytes - good.size() + 1, '\n')), ErrorCode::kTooLarge);
  EXPECT_EQ(refusal(std::string(64 << 20, 'A')), ErrorCode::kTooLarge);
}

TEST(SigningRequest, SurvivesEveryTruncationAndEveryFlippedByte) {
  const KeyHandle key = make_p256();
  const std::string good = SampleRequest{.key = key.get()}.pem();
  for (size_t size = 0; size + 2 < good.size(); ++size)
    EXPECT_FALSE(SigningRequest::parse(good.substr(0, size))) << size;
  const size_t begin = good.find('\n') + 1;
  const size_t end = good.find("\n-----END");
  for (size_t at = begin; at < end; ++at) {
    if (good[at] == '\n' || good[at] == '=') continue;
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    // The last digit before padding has bits that belong to nobody.
    if (good[at + 1] == '=') continue;
    EXPECT_FALSE(SigningRequest::parse(bad)) << at;
  }
}

}  // namespace
}  // namespace ripstop::control
