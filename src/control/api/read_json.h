// Bodies of requests, from JSON. Errors name the field that is wrong; unknown fields are errors too, so that a mistyped
// one is not passed over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/api/registrar.h"
#include "dialect/dialect.h"

namespace ripstop::control {

struct ApplyRequest {
  std::vector<dialect::Source> sources;
  bool is_dry_run = false;
};
[[nodiscard]] Result<ApplyRequest> read_apply_request(std::string_view body);

[[nodiscard]] Result<RegistrationRequest> read_registration(std::string_view body);

enum class RotationStep : uint8_t { kNext, kCancel };
struct RotationRequest {
  RotationStep step = RotationStep::kNext;
  bool is_forced = false;
};
[[nodiscard]] Result<RotationRequest> read_rotation_request(std::string_view body);

}  // namespace ripstop::control
