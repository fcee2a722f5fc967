#include "control/identity/join_token.h"

#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <optional>

#include "base/text.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kPrefix = "ripstop-";
constexpr size_t kIdBytes = 8;
constexpr size_t kSecretBytes = 32;

// RFC 4648 section 5, without padding; the length is a constant, so the padding is known.
std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() > 128 || text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string plain(text);
  for (char& c : plain) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

std::string sha256(std::string_view bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::unexpected<Error> refuse() {
  return fail(ErrorCode::kUnauthenticated, "the join token is not one of this mesh; ask for a new one",
              ErrorOrigin::kDownstream);
}

}  // namespace

Result<IssuedToken> issue_token(TokenTable tokens, const model::Identity& identity, std::chrono::seconds lifetime,
                                uint32_t uses, WallTime now) {
  if (lifetime <= std::chrono::seconds(0) || uses == 0) {
    return fail(ErrorCode::kInvalidArgument, "a join token needs a lifetime and at least one use");
  }
  std::array<uint8_t, kIdBytes + kSecretBytes> random;
  if (RAND_bytes(random.data(), random.size()) != 1) {
    return fail(ErrorCode::kInternal, "the system gave no random bytes for a join token");
  }
  std::string bytes(reinterpret_cast<const char*>(random.data()), random.size());
  const StoredToken stored{.id = bytes.substr(0, kIdBytes),
                           .secret_hash = sha256(std::string_view(bytes).substr(kIdBytes)),
                           .identity = identity,
                           .created = now,
                           .expires = now + lifetime,
                           .uses_left = uses};
  Status inserted = tokens.insert(stored);
  IssuedToken token{.text = std::string(kPrefix) + to_base64url(bytes), .id = stored.id};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  OPENSSL_cleanse(random.data(), random.size());
  if (!inserted) return fail_with(inserted);
  return token;
}

Result<model::Identity> redeem_token(TokenTable tokens, std::string_view text, WallTime now) {
  if (!text.starts_with(kPrefix)) return refuse();
  const std::optional<std::string> bytes = from_base64url(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kIdBytes + kSecretBytes) return refuse();
  const std::string shown = sha256(std::string_view(*bytes).substr(kIdBytes));
  Result<StoredToken> stored = tokens.find(bytes->substr(0, kIdBytes));
  if (!stored && stored.error().code != ErrorCode::kNotFound) return fail_with(stored);
  if (!stored || stored->secret_hash.size() != shown.size() ||
      CRYPTO_memcmp(stored->secret_hash.data(), shown.data(), shown.size()) != 0) {
    return refuse();
  }
  if (now >= stored->expires) {
    return fail(ErrorCode::kPermissionDenied, "the join token has expired; ask for a new one",
                ErrorOrigin::kDownstream);
  }
  if (Status consumed = tokens.consume(stored->id); !consumed) return fail_with(consumed);
  return std::move(stored->identity);
}

}  // namespace ripstop::control
