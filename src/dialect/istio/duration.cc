#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "dialect/istio/fields.h"

namespace ripstop::dialect::istio {
namespace {

// Nanoseconds; longer names first, because "m" begins "ms".
constexpr std::array<std::pair<std::string_view, double>, 8> kUnits = {
    {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

// The whole range of Duration, less what rounding could overflow.
constexpr double kMaxNanoseconds = 9.2e18;
constexpr size_t kMaxLength = 64;

double take_unit(std::string_view& text) {
  for (const auto& [name, nanoseconds] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return nanoseconds;
  }
  return 0;
}

// Digits with at most one point, taken off the front.
std::optional<double> take_number(std::string_view& text) {
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value, std::chars_format::fixed);
  if (error != std::errc{} || stop != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    const double unit = take_unit(text);
    if (unit == 0) return std::nullopt;
    total += *value * unit;
    if (total > kMaxNanoseconds) return std::nullopt;
  }
  return std::chrono::nanoseconds(std::llround(is_negative ? -total : total));
}

}  // namespace ripstop::dialect::istio
