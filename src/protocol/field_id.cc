#include "protocol/field_id.h"

#include <array>

#include "base/text.h"

namespace ripstop::protocol {
namespace {

constexpr size_t kIdCount = static_cast<size_t>(FieldId::kCount);
static_assert(kIdCount <= 64, "Fields keeps the set of ids in one word");

constexpr std::array<std::string_view, kIdCount> kNames = {
    "",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "host",
    "content-length",
    "expect",
    "trailer",
    "content-type",
    "content-encoding",
    "content-range",
    "range",
    "cache-control",
    "date",
    "server",
    "location",
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "user-agent",
    "accept",
    "accept-encoding",
    "age",
    "vary",
    "max-forwards",
    "retry-after",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-client-cert",
    "x-request-id",
    "x-envoy-attempt-count",
    "x-envoy-original-path",
    "x-envoy-upstream-service-time",
    "traceparent",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "grpc-status",
    "grpc-message",
    "grpc-timeout",
    "sec-websocket-key",
    "sec-websocket-accept",
    "x-ripstop-peer",
    "x-ripstop-version",
};

constexpr size_t kSlots = 256;

// Length, first, middle and last byte separate all listed names; `build` fails to compile when a new name collides,
// and then a multiplier has to change.
constexpr size_t slot_of(std::string_view name) {
  const auto low = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(name[i]) | 0x20U); };
  return (name.size() + low(0) + low(name.size() / 2) * 3 + low(name.size() - 1) * 61) % kSlots;
}

consteval std::array<FieldId, kSlots> build() {
  std::array<FieldId, kSlots> slots{};
  for (size_t i = 1; i < kIdCount; ++i) {
    FieldId& slot = slots[slot_of(kNames[i])];
    if (slot != FieldId::kOther) throw "two field names share a slot";
    slot = static_cast<FieldId>(i);
  }
  return slots;
}

constexpr std::array<FieldId, kSlots> kTable = build();

}  // namespace

FieldId identify(std::string_view name) {
  if (name.empty()) return FieldId::kOther;
  const FieldId candidate = kTable[slot_of(name)];
  const std::string_view expected = kNames[static_cast<size_t>(candidate)];
  if (expected.size() != name.size()) return FieldId::kOther;
  if (expected == name) return candidate;
  for (size_t i = 0; i < name.size(); ++i) {
    if (ascii_lower(name[i]) != expected[i]) return FieldId::kOther;
  }
  return candidate;
}

std::string_view field_name(FieldId id) {
  return kNames[static_cast<size_t>(id)];
}

}  // namespace ripstop::protocol
