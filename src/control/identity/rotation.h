// Where a mesh stands in the exchange of its root, as it is kept on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace ripstop::control {

// Each step is safe once every proxy has what the one before sent out:
//   kSteady        one root, which signs
//   kDistributing  both roots trusted, the old one signs: proxies learn the new root
//   kSigning       both roots trusted, the new one signs: leaves under the old root are renewed or run out
// and then kSteady again, with the old root gone.
enum class RotationPhase : uint8_t { kSteady, kDistributing, kSigning };

[[nodiscard]] std::string_view to_string(RotationPhase phase);

struct RotationState {
  RotationPhase phase = RotationPhase::kSteady;
  uint32_t current = 1;          // generation of the root; the old one while a rotation is under way
  std::optional<uint32_t> next;  // the new one; set unless kSteady
  WallTime since;                // when the phase began
  uint32_t last_generation = 1;  // numbers are not used twice

  [[nodiscard]] uint32_t signing() const { return phase == RotationPhase::kSigning ? *next : current; }
  bool operator==(const RotationState&) const = default;
};

[[nodiscard]] std::string to_json(const RotationState& state);
// `file` is for the error.
[[nodiscard]] Result<RotationState> rotation_from_json(std::string_view text, const std::string& file);

}  // namespace ripstop::control
