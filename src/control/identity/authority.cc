#include "control/identity/authority.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "base/text.h"
#include "control/identity/private_file.h"

namespace ripstop::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto kRootLife = hours(24 * 3652);
constexpr auto kIntermediateLife = hours(24 * 365);
constexpr auto kLeafBackdate = seconds(60);
// The authority's own certificates may be met by clocks that are further behind than a leaf's minute.
constexpr auto kIssuerBackdate = hours(1);

Status check_dns_name(std::string_view name) {
  const bool is_good = !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '*';
  });
  if (is_good) return {};
  return fail(ErrorCode::kInvalidArgument, "a DNS name for a certificate must be lower case letters, digits, - and .");
}

bool has_later_generation(const std::string& folder, uint32_t first) {
  const std::string own = "root-" + std::to_string(first) + ".pem";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("root-") && name.ends_with(".pem") && name != own) return true;
  }
  return false;
}

std::string to_text(WallTime time) {
  const time_t seconds_since_1970 = WallClock::to_time_t(time);
  std::tm broken_down{};
  ::gmtime_r(&seconds_since_1970, &broken_down);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &broken_down)};
}

}  // namespace

Result<Authority> Authority::open(AuthorityOptions options, WallTime now) {
  Authority authority(std::move(options));
  Status loaded = authority.options_.given ? authority.load_given(now) : authority.load_or_make_own(now);
  if (!loaded) return fail_with(loaded);
  return authority;
}

Result<Authority::Issued> Authority::sign(const Request& request, WallTime now) const {
  // The grammar is checked again, so that no caller can put anything else into a SAN.
  const Result<model::Identity> identity = model::Identity::parse(request.identity.to_string());
  if (!identity || *identity != request.identity) {
    return fail(ErrorCode::kInvalidArgument, "the identity to certify is not a valid SPIFFE ID of a workload");
  }
  if (identity->trust_domain != options_.trust_domain) {
    return fail(ErrorCode::kPermissionDenied, "the identity " + identity->to_string() +
                                                  " is not of this mesh's trust domain " + options_.trust_domain);
  }
  for (const std::string& name : request.dns_names) {
    if (Status checked = check_dns_name(name); !checked) return fail_with(checked);
  }
  const Validity& limits = issuer_->validity();
  if (now < limits.from || now >= limits.until) {
    return fail(ErrorCode::kUnavailable,
                "the authority's certificate is not valid at this time; check the clock, then renew the certificate");
  }
  const Result<SigningRequest> checked = SigningRequest::parse(request.csr_pem);
  if (!checked) return std::unexpected(checked.error());
  const seconds wanted = request.lifetime > seconds(0) ? request.lifetime : options_.default_lifetime;
  const auto second = std::chrono::floor<seconds>(now);  // what a certificate can say
  const Validity validity{.from = std::max<WallTime>(second - kLeafBackdate, limits.from),
                          .until = std::min<WallTime>(second + std::min(wanted, options_.max_lifetime), limits.until)};
  Result<std::string> leaf = issuer_->sign(*checked, {*identity, request.dns_names, validity});
  if (!leaf) return fail_with(leaf);
  return Issued{.chain_pem = *leaf + chain_pem_, .validity = validity};
}

std::string Authority::path(std::string_view name, uint32_t generation) const {
  return options_.folder + "/" + std::string(name) + "-" + std::to_string(generation) + ".pem";
}

Status Authority::load_or_make_own(WallTime now) {
  if (Status made = make_private_folder(options_.folder); !made) return made;
  Result<std::string> text = read_key_file(state_path(), Privacy::kOwnerOnly);
  if (text) {
    Result<RotationState> state = rotation_from_json(*text, state_path());
    return state ? use_state(*state) : fail_with(state);
  }
  if (text.error().code != ErrorCode::kNotFound) return fail_with(text);
  // A root without a state is either a first start that was cut short, which nobody has seen, or a state file that was
  // lost. Making a new root would be wrong in the second case, so what is there is used.
  const RotationState first{.since = now};
  if (has_later_generation(options_.folder, first.current)) {
    return fail(ErrorCode::kInvalidArgument, "the file " + state_path() +
                                                 " is missing, so it is not known which root signs; restore it from a "
                                                 "backup, or move the folder away to start with a new root");
  }
  if (::access(path("issuer", first.current).c_str(), F_OK) != 0) {
    if (Status made = make_generation(first.current, now); !made) return made;
  }
  return move_to(first, now);
}

Status Authority::make_generation(uint32_t generation, WallTime now) {
  const std::string name =
      "Ripstop root " + options_.mesh_id + (options_.mesh_id.empty() ? "" : " ") + std::to_string(generation);
  Result<Issuer> root =
      Issuer::make_root(options_.trust_domain, name, {.from = now - kIssuerBackdate, .until = now + kRootLife});
  if (!root) return fail_with(root);
  if (Status saved = root->save(path("root", generation)); !saved) return saved;
  Result<Issuer> intermediate = renewed_intermediate(generation, now);
  if (!intermediate) return fail_with(intermediate);
  return intermediate->save(path("issuer", generation));
}

Result<Issuer> Authority::renewed_intermediate(uint32_t generation, WallTime now) const {
  const Result<Issuer> root = Issuer::load(path("root", generation));
  if (!root) return std::unexpected(root.error());
  if (now >= root->validity().until) {
    return fail(ErrorCode::kUnavailable, "the root in " + path("root", generation) +
                                             " has run out; no certificate under it is valid any more. Stop the mesh, "
                                             "move the folder away and start anew");
  }
  return root->make_intermediate(
      "Ripstop intermediate " + std::to_string(generation),
      {.from = now - kIssuerBackdate, .until = std::min<WallTime>(now + kIntermediateLife, root->validity().until)});
}

Status Authority::use_state(const RotationState& state) {
  Result<Issuer> issuer = Issuer::load(path("issuer", state.signing()));
  if (!issuer) return fail_with(issuer);
  TrustBundle bundle;
  for (const std::optional<uint32_t> generation : {std::optional(state.current), state.next}) {
    if (!generation) continue;
    const Result<Issuer> root = Issuer::load(path("root", *generation));
    if (!root) return std::unexpected(root.error());
    Result<TrustBundle> one = TrustBundle::parse(root->certificate_pem(), path("root", *generation));
    if (!one) return fail_with(one);
    bundle.merge(*one);
  }
  chain_pem_ = issuer->certificate_pem();
  issuer_ = std::move(*issuer);
  bundle_ = std::move(bundle);
  state_ = state;
  return {};
}

Status Authority::move_to(const RotationState& state, WallTime now) {
  RotationState stamped = state;
  stamped.since = std::chrono::floor<seconds>(now);
  if (Status written = write_private_file(state_path(), to_json(stamped)); !written) return written;
  return use_state(stamped);
}

Result<bool> Authority::maintain(WallTime now) {
  if (options_.given) {
    const TrustBundle bundle = bundle_;
    const std::string chain = chain_pem_;
    if (Status loaded = load_given(now); !loaded) return fail_with(loaded);
    return bundle_ != bundle || chain_pem_ != chain;
  }
  const Validity& validity = issuer_->validity();
  if (now < validity.from + (validity.until - validity.from) / 2) return false;
  Result<Issuer> renewed = renewed_intermediate(state_.signing(), now);
  if (!renewed) return fail_with(renewed);
  if (renewed->validity().until <= validity.until) return false;  // the root's own end is what bounds it
  if (Status saved = renewed->save(path("issuer", state_.signing())); !saved) return fail_with(saved);
  if (Status used = use_state(state_); !used) return fail_with(used);
  return true;
}

Status Authority::refuse_for_given() const {
  if (!options_.given) return {};
  return fail(ErrorCode::kUnsupported, "the mesh uses a given CA; to exchange its root add the new one to " +
                                           options_.given->roots + ", then replace " + options_.given->certificate +
                                           " and its key, then remove the old root");
}

Status Authority::begin_rotation(WallTime now) {
  if (Status refused = refuse_for_given(); !refused) return refused;
  if (state_.phase != RotationPhase::kSteady) {
    return fail(ErrorCode::kAlreadyExists, "a root rotation is under way; advance or cancel it first");
  }
  RotationState state = state_;
  state.phase = RotationPhase::kDistributing;
  state.next = ++state.last_generation;
  if (Status made = make_generation(*state.next, now); !made) return made;
  return move_to(state, now);
}

Status Authority::advance_rotation(WallTime now, bool is_forced) {
  if (Status refused = refuse_for_given(); !refused) return refused;
  RotationState state = state_;
  if (state_.phase == RotationPhase::kSteady) {
    return fail(ErrorCode::kInvalidArgument, "no root rotation is under way; begin one first");
  }
  if (state_.phase == RotationPhase::kDistributing) {
    state.phase = RotationPhase::kSigning;
    return move_to(state, now);
  }
  if (!is_forced && now < state_.since + options_.max_lifetime) {
    return fail(ErrorCode::kUnavailable, "certificates under the old root may still be in use; wait until " +
                                             to_text(state_.since + options_.max_lifetime) +
                                             ", or force it when every proxy has a certificate under the new root");
  }
  const uint32_t old = state.current;
  state.phase = RotationPhase::kSteady;
  state.current = *state.next;
  state.next.reset();
  Status moved = move_to(state, now);
  if (moved) remove_generation(old);
  return moved;
}

Status Authority::cancel_rotation(WallTime now) {
  if (Status refused = refuse_for_given(); !refused) return refused;
  if (state_.phase != RotationPhase::kDistributing) {
    return fail(ErrorCode::kInvalidArgument,
                "a rotation can be cancelled only while the new root is distributed and does not sign yet");
  }
  RotationState state = state_;
  const uint32_t dropped = *state.next;
  state.phase = RotationPhase::kSteady;
  state.next.reset();
  Status moved = move_to(state, now);
  if (moved) remove_generation(dropped);
  return moved;
}

// The state no longer names these files, so one that stays behind harms nobody.
void Authority::remove_generation(uint32_t generation) const {
  ::unlink(path("root", generation).c_str());
  ::unlink(path("issuer", generation).c_str());
}

}  // namespace ripstop::control
