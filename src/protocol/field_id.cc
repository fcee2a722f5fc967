#include "protocol/field_id.h"

#include <array>
#include <cstdint>
#include <cstring>

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
    "x-envoy-ratelimited",
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

template <typename Word>
bool is_same_word(const char* text, const char* lower) {
  constexpr Word kOnes = static_cast<Word>(0x0101010101010101U);
  Word a;
  Word b;
  std::memcpy(&a, text, sizeof a);
  std::memcpy(&b, lower, sizeof b);
  // Of the bytes that listed names consist of, letters alone have the bit 0x40: those may differ in 0x20.
  return ((a ^ b) & ~((b & (kOnes * 0x40)) >> 1)) == 0;
}

// Whether `text` is the listed name `lower` in whatever case; both have `size` bytes. Words may overlap.
bool is_same_name(const char* text, const char* lower, size_t size) {
  if (size < sizeof(uint64_t)) {
    if (size < sizeof(uint32_t))
      return is_same_word<uint8_t>(text, lower) && is_same_word<uint8_t>(text + size - 1, lower + size - 1) &&
             is_same_word<uint8_t>(text + size / 2, lower + size / 2);
    return is_same_word<uint32_t>(text, lower) && is_same_word<uint32_t>(text + size - 4, lower + size - 4);
  }
  for (size_t i = 0; i + sizeof(uint64_t) < size; i += sizeof(uint64_t)) {
    if (!is_same_word<uint64_t>(text + i, lower + i)) return false;
  }
  return is_same_word<uint64_t>(text + size - 8, lower + size - 8);
}

}  // namespace

FieldId identify(std::string_view name) {
  if (name.empty()) return FieldId::kOther;
  const FieldId candidate = kTable[slot_of(name)];
  const std::string_view expected = kNames[static_cast<size_t>(candidate)];
  if (expected.size() != name.size()) return FieldId::kOther;
  return is_same_name(name.data(), expected.data(), name.size()) ? candidate : FieldId::kOther;
}

std::string_view field_name(FieldId id) {
  return kNames[static_cast<size_t>(id)];
}

}  // namespace ripstop::protocol
