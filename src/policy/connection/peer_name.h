// Is the peer who its certificate must say it is? Matches the subject alternative names of a certificate whose chain
// was verified already against the names the configuration accepts.
//
// Names and patterns are typed, so that a name of one type never passes for one of the other:
//   - a pattern is for URIs when its text has a '/' or begins with "spiffe:", else for DNS names; kPresent takes both;
//   - a DNS name counts only when it is made of letters, digits, '-', '_' and '.', with at most a leading "*."; a URI
//     only when it has a scheme and is visible ASCII. Anything else in a certificate matches nothing.
// A name with an embedded NUL is an attempt to deceive: the certificate is refused, whatever else it says.
//
// URIs compare byte by byte. DNS names compare without regard to case, and "*.rest" in a certificate stands for exactly
// one label (RFC 9525 section 6.3) where the pattern is exact.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/match.h"
#include "policy/route/matcher.h"

namespace ripstop::policy {

struct SubjectName {
  enum class Type : uint8_t { kDns, kUri };
  Type type = Type::kDns;
  std::string_view text;
};

// Immutable and thread-safe.
class PeerNames {
 public:
  static Result<PeerNames> compile(std::span<const model::StringMatch> patterns);

  // Accepts any name, since no pattern was given.
  [[nodiscard]] bool accepts_all() const { return patterns_.empty(); }

  // kPermissionDenied with a sentence that has the names the peer does have. Without patterns only NULs are refused.
  [[nodiscard]] Status check(std::span<const SubjectName> names) const;

 private:
  enum class Scope : uint8_t { kDns, kUri, kBoth };
  struct Pattern {
    Scope scope;
    StringMatcher matcher;
  };
  static Scope scope_of(const model::StringMatch& pattern);
  [[nodiscard]] static bool matches(const Pattern& pattern, const SubjectName& name);

  std::shared_ptr<const std::vector<model::StringMatch>> sources_;
  std::vector<Pattern> patterns_;
};

}  // namespace ripstop::policy
