// The roots that a mesh trusts, as one set. More than one during a rotation, so that old and new leaves both verify.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace ripstop::control {

class TrustBundle {
 public:
  struct Root {
    std::string pem;
    std::string fingerprint;  // SHA-256 of the certificate, hexadecimal
    std::string subject;
    WallTime expires;
    bool operator==(const Root&) const = default;
  };

  TrustBundle() = default;
  // Every certificate of the text; at least one, at most 32, each a CA. `file` is for the errors.
  static Result<TrustBundle> parse(std::string_view pem, const std::string& file);

  // Adds the other's roots that are not here yet.
  void merge(const TrustBundle& other);
  // Succeeds when `certificate_pem` verifies against these roots at `now`, with `chain_pem` for what lies between; else
  // says why not. `certificate_pem` may have several certificates: the first is verified, the others join the chain.
  [[nodiscard]] Status verify(std::string_view certificate_pem, std::string_view chain_pem, WallTime now) const;

  [[nodiscard]] const std::vector<Root>& roots() const { return roots_; }
  // All roots one after the other, oldest member first.
  [[nodiscard]] std::string pem() const;
  bool operator==(const TrustBundle&) const = default;

 private:
  std::vector<Root> roots_;
};

}  // namespace ripstop::control
