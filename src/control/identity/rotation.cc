#include "control/identity/rotation.h"

#include <array>
#include <nlohmann/json.hpp>

namespace ripstop::control {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kPhases = {"steady", "distributing", "signing"};

std::optional<RotationPhase> phase_of(const std::string& name) {
  for (size_t i = 0; i < kPhases.size(); ++i) {
    if (kPhases[i] == name) return static_cast<RotationPhase>(i);
  }
  return std::nullopt;
}

bool is_sound(const RotationState& state) {
  const bool is_steady = state.phase == RotationPhase::kSteady;
  return is_steady != state.next.has_value() && state.current != 0 && state.current <= state.last_generation &&
         (!state.next || (*state.next <= state.last_generation && *state.next != state.current));
}

// A number with a fraction or an exponent would be converted, not refused.
int64_t integer(const json& object, const char* name) {
  const json& value = object.at(name);
  if (!value.is_number_integer()) throw json::type_error::create(302, "not an integer", &object);
  return value.get<int64_t>();
}

uint32_t generation(const json& object, const char* name) {
  return static_cast<uint32_t>(integer(object, name));
}

std::optional<RotationState> read(std::string_view text) {
  const json object = json::parse(text);
  const auto phase = phase_of(object.at("phase").get<std::string>());
  if (!phase) return std::nullopt;
  RotationState state{.phase = *phase,
                      .current = generation(object, "current"),
                      .next = {},
                      .since = WallTime(std::chrono::seconds(integer(object, "since"))),
                      .last_generation = generation(object, "last_generation")};
  if (object.contains("next")) state.next = generation(object, "next");
  if (!is_sound(state)) return std::nullopt;
  return state;
}

}  // namespace

std::string_view to_string(RotationPhase phase) {
  return kPhases[static_cast<size_t>(phase)];
}

std::string to_json(const RotationState& state) {
  json object = {
      {"phase", std::string(to_string(state.phase))},
      {"current", state.current},
      {"since", std::chrono::duration_cast<std::chrono::seconds>(state.since.time_since_epoch()).count()},
      {"last_generation", state.last_generation},
  };
  if (state.next) object["next"] = *state.next;
  return object.dump(2) + "\n";
}

Result<RotationState> rotation_from_json(std::string_view text, const std::string& file) {
  std::optional<RotationState> state;
  try {
    state = read(text);
  } catch (const json::exception&) {
    state = std::nullopt;
  }
  if (state) return *state;
  return fail(ErrorCode::kParse,
              "the file " + file + " does not say which root signs; restore the folder from a backup");
}

}  // namespace ripstop::control
