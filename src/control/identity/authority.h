// The mesh's certificate authority: signs leaves for workloads, says which roots to trust, and exchanges the root.
//
// Self-made: a root of ten years and an intermediate of one year under `folder`, made at the first start. Given: PEM
// files of an operator's CA, checked at every load. Keys are in files of mode 0600 and never in a text or an error.
// Every change is on the disk before it takes effect; a crash in between leaves the state before or after it.
// One thread owns an Authority. Times are arguments.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/identity/issuer.h"
#include "control/identity/rotation.h"
#include "control/identity/trust_bundle.h"
#include "model/identity.h"

namespace ripstop::control {

// An operator's CA, as PEM files.
struct GivenFiles {
  std::string certificate;  // the CA that signs; what follows it in the file goes into the chain
  std::string key;
  std::string chain;  // certificates between it and a root; may be empty
  std::string roots;  // every root to trust
};

struct AuthorityOptions {
  std::string folder;
  std::string trust_domain = "cluster.local";
  std::string mesh_id;  // in the roots' names, so that people can tell meshes apart
  std::chrono::seconds default_lifetime = std::chrono::hours(24);
  std::chrono::seconds max_lifetime = std::chrono::hours(24 * 30);
  std::optional<GivenFiles> given;
};

class Authority {
 public:
  static Result<Authority> open(AuthorityOptions options, WallTime now);

  struct Request {
    std::string_view csr_pem;  // only its key is used; see SigningRequest
    model::Identity identity;  // whom the caller has authenticated; becomes the URI SAN
    std::vector<std::string>
        dns_names;                     // beside it; for servers that clients know by name. The caller answers for them
    std::chrono::seconds lifetime{0};  // 0: the default. Shortened to max_lifetime and to the issuer's own end
  };
  struct Issued {
    std::string chain_pem;  // the leaf, then what lies between it and the root
    Validity validity;      // begins a minute early, for clocks that are behind
  };
  // kPermissionDenied: the identity is of another trust domain. kUnavailable: the issuing certificate has run out.
  [[nodiscard]] Result<Issued> sign(const Request& request, WallTime now) const;

  [[nodiscard]] const TrustBundle& bundle() const { return bundle_; }
  [[nodiscard]] const std::string& trust_domain() const { return options_.trust_domain; }
  // Of the certificate that signs leaves.
  [[nodiscard]] const Validity& issuer_validity() const { return issuer_->validity(); }

  // To be called now and then (hourly will do): renews the intermediate at half of its life. For given files: reads
  // them again, and keeps the old ones when the new ones are not good. True: what peers see has changed.
  Result<bool> maintain(WallTime now);

  // The exchange of a self-made root; see RotationPhase. Given roots are exchanged by editing the files: first add the
  // new root, then replace certificate and key, then remove the old root; these three then fail with kUnsupported.
  [[nodiscard]] RotationPhase phase() const { return state_.phase; }
  Status begin_rotation(WallTime now);
  // The caller has made sure that every proxy has the current bundle. Out of kSigning it fails before every leaf of the
  // old root has run out, unless `is_forced`.
  Status advance_rotation(WallTime now, bool is_forced = false);
  // Only from kDistributing: takes the new root back.
  Status cancel_rotation(WallTime now);

 private:
  explicit Authority(AuthorityOptions options) : options_(std::move(options)) {}

  Status load_given(WallTime now);
  Status load_or_make_own(WallTime now);
  Status make_generation(uint32_t generation, WallTime now);
  Result<Issuer> renewed_intermediate(uint32_t generation, WallTime now) const;
  Status move_to(const RotationState& state, WallTime now);
  Status use_state(const RotationState& state);
  void remove_generation(uint32_t generation) const;
  [[nodiscard]] Status refuse_for_given() const;
  [[nodiscard]] std::string path(std::string_view name, uint32_t generation) const;
  [[nodiscard]] std::string state_path() const { return options_.folder + "/rotation.json"; }

  AuthorityOptions options_;
  RotationState state_;
  std::optional<Issuer> issuer_;  // always set once open
  std::string chain_pem_;         // of the issuer, without the root
  TrustBundle bundle_;
};

}  // namespace ripstop::control
