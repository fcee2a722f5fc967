#include "cli/stat/prometheus.h"

#include <charconv>
#include <limits>
#include <optional>

#include "base/text.h"

namespace ripstop::cli {
namespace {

constexpr size_t kMaxSamples = 1'000'000;
constexpr size_t kMaxLabels = 64;

std::string_view without_leading_blanks(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

// Takes a quoted value with its escapes off the front.
std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  std::string value;
  for (size_t index = 1; index < rest.size(); ++index) {
    const char c = rest[index];
    if (c == '"') {
      rest.remove_prefix(index + 1);
      return value;
    }
    if (c != '\\') {
      value += c;
      continue;
    }
    if (++index == rest.size()) break;
    value += rest[index] == 'n' ? '\n' : rest[index];
  }
  return std::nullopt;
}

// Takes "{a="b",…}" off the front.
bool take_labels(std::string_view& rest, Sample& sample) {
  rest.remove_prefix(1);
  for (;;) {
    rest = without_leading_blanks(rest);
    if (rest.starts_with('}')) {
      rest.remove_prefix(1);
      return true;
    }
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos || sample.labels.size() == kMaxLabels) return false;
    std::string key(trim(rest.substr(0, equals)));
    rest = without_leading_blanks(rest.substr(equals + 1));
    std::optional<std::string> value = take_quoted(rest);
    if (!value || key.empty()) return false;
    sample.labels.emplace_back(std::move(key), std::move(*value));
    rest = without_leading_blanks(rest);
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
}

std::optional<double> number_of(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Sample> parse_sample(std::string_view line) {
  Sample sample;
  const size_t name_end = line.find_first_of("{ \t");
  if (name_end == std::string_view::npos || name_end == 0) return std::nullopt;
  sample.name = line.substr(0, name_end);
  std::string_view rest = without_leading_blanks(line.substr(name_end));
  if (rest.starts_with('{') && !take_labels(rest, sample)) return std::nullopt;
  rest = without_leading_blanks(rest);
  const std::optional<double> value = number_of(rest.substr(0, rest.find_first_of(" \t\r")));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

}  // namespace

std::string_view Sample::label(std::string_view key) const {
  for (const auto& label : labels) {
    if (label.first == key) return label.second;
  }
  return {};
}

Result<std::vector<Sample>> parse_prometheus(std::string_view text, std::string_view prefix) {
  std::vector<Sample> samples;
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty() || line.front() == '#' || !line.starts_with(prefix)) continue;
    std::optional<Sample> sample = parse_sample(line);
    if (!sample) return fail(ErrorCode::kParse, "line " + std::to_string(number) + " of the metrics is not a sample");
    if (samples.size() == kMaxSamples) return fail(ErrorCode::kTooLarge, "there are more than a million samples");
    samples.push_back(std::move(*sample));
  }
  return samples;
}

}  // namespace ripstop::cli
