// Reading one mapping of a resource key by key. A Fields remembers which keys were asked for; when it goes away it
// reports every key that nobody asked for: as not honoured when it was declared so, as unknown otherwise. So a field
// can neither be dropped in silence nor mistyped unnoticed.
//
// Every getter must be called on every path, whatever the other fields say; a null value counts as absent. A value of
// the wrong type or out of range is an error of the resource and reads as absent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "dialect/report.h"
#include "model/service.h"

namespace ripstop::dialect::istio {

// A value with the place it was read from, for checks that come later.
template <typename T>
struct Placed {
  T value{};
  Place place;
};
using PlacedText = Placed<std::string>;

template <typename T>
using Choices = std::span<const std::pair<std::string_view, T>>;

class Fields {
 public:
  // `node` must outlive this; anything but a mapping is reported and reads as empty.
  Fields(Report& report, const Node& node, std::string path);
  Fields(Fields&& other) noexcept;
  Fields& operator=(Fields&&) = delete;
  ~Fields();

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] Place here() const;
  // Of the key's value when it is there, else of this mapping, with the key's path.
  [[nodiscard]] Place place(std::string_view key) const;
  [[nodiscard]] Report& report() const { return *report_; }

  std::optional<std::string> text(std::string_view key);
  std::string text_or_empty(std::string_view key) { return text(key).value_or(""); }
  std::optional<bool> flag(std::string_view key);
  std::optional<uint32_t> count(std::string_view key, uint32_t min = 0, uint32_t max = UINT32_MAX);
  std::optional<int64_t> integer(std::string_view key);
  std::optional<double> number(std::string_view key, double min, double max);
  // Go's notation ("1h30m", "500ms", "1.5s"), at least one millisecond.
  std::optional<Duration> duration(std::string_view key);
  std::optional<uint16_t> port(std::string_view key);
  std::vector<PlacedText> texts(std::string_view key);
  // A mapping of strings to strings, in the order written.
  std::vector<std::pair<PlacedText, PlacedText>> text_map(std::string_view key);
  // A mapping of strings to ports.
  std::vector<std::pair<PlacedText, uint16_t>> port_map(std::string_view key);
  // A mapping of strings to strings as labels, checked for their grammar.
  model::Labels labels(std::string_view key);

  std::optional<Fields> object(std::string_view key);
  std::vector<Fields> objects(std::string_view key);
  // The values of a mapping with free keys, each a mapping itself.
  std::vector<std::pair<PlacedText, Fields>> object_map(std::string_view key);

  template <typename T>
  std::optional<T> choice(std::string_view key, Choices<T> choices) {
    const auto word = text(key);
    if (!word) return std::nullopt;
    for (const auto& [name, value] : choices) {
      if (name == *word) return value;
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : choices) names.emplace_back(name);
    refuse_choice(key, *word, names);
    return std::nullopt;
  }

  // Fields of Istio's API that are read over, with what that means for the user.
  void not_honoured(std::string_view key, std::string_view consequence);
  void not_honoured(std::initializer_list<std::string_view> keys);

  // Without the reporting of unknown keys: after an error that makes them noise.
  void abandon() { node_ = nullptr; }

 private:
  struct Ignored {
    std::string_view key;
    std::string_view consequence;
  };

  const Node* find(std::string_view key);
  const Node* find(std::string_view key, Node::Kind kind, std::string_view wanted);
  std::optional<uint16_t> port_of(const Node& node, std::string path);
  void refuse_type(const Node& node, const std::string& path, std::string_view wanted);
  void refuse_choice(std::string_view key, const std::string& word, const std::vector<std::string>& names);
  [[nodiscard]] std::string path_of(std::string_view key) const;
  void report_leftovers();

  Report* report_;
  const Node* node_;
  std::string path_;
  std::vector<std::string_view> known_;
  std::vector<Ignored> ignored_;
};

// Go's notation of durations; nullopt when it is none or does not fit.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

}  // namespace ripstop::dialect::istio
