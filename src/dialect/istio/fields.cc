#include "dialect/istio/fields.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "dialect/names.h"
#include "dialect/scalar.h"

namespace ripstop::dialect::istio {
namespace {

using Kind = Node::Kind;

std::string type_remedy(const Node& node, std::string_view wanted) {
  const bool is_plain = node.kind == Kind::kBoolean || node.kind == Kind::kInteger || node.kind == Kind::kFloat;
  if (wanted == "a string" && is_plain) {
    return "Put quotes around it: without them YAML reads " + std::string(node.kind_name()) + ".";
  }
  const bool is_quoted = node.kind == Kind::kText && plain_kind(node.text) != Kind::kText;
  if (is_quoted && (wanted == "an integer" || wanted == "a boolean" || wanted == "a number")) {
    return "Remove the quotes.";
  }
  return "Write " + std::string(wanted) + " here.";
}

std::string range_text(int64_t min, int64_t max) {
  return "from " + std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

Fields::Fields(Report& report, const Node& node, std::string path)
    : report_(&report), node_(&node), path_(std::move(path)) {
  if (node.kind == Kind::kMap) return;
  if (node.kind != Kind::kNull) refuse_type(node, path_, "a mapping");
}

Fields::Fields(Fields&& other) noexcept
    : report_(other.report_),
      node_(std::exchange(other.node_, nullptr)),
      path_(std::move(other.path_)),
      known_(std::move(other.known_)),
      ignored_(std::move(other.ignored_)) {}

Fields::~Fields() {
  if (node_ != nullptr) report_leftovers();
}

void Fields::report_leftovers() {
  std::vector<std::string> candidates(known_.begin(), known_.end());
  for (const Ignored& ignored : ignored_) candidates.emplace_back(ignored.key);
  for (const Node::Entry& entry : node_->entries) {
    if (entry.value->kind == Kind::kNull || std::ranges::find(known_, entry.key) != known_.end()) continue;
    const auto ignored = std::ranges::find(ignored_, std::string_view(entry.key), &Ignored::key);
    if (ignored != ignored_.end()) {
      report_->warning("istio/not-honoured", {entry.key_at, path_of(entry.key)},
                       "The field " + entry.key + " is not honoured yet: " + std::string(ignored->consequence) + ".",
                       "Remove it, or go on without its effect.");
      continue;
    }
    report_->error("istio/unknown-field", {entry.key_at, path_of(entry.key)},
                   "Istio has no field " + quoted(entry.key) + " here.",
                   report_->suggest(entry.key, candidates, "Remove it, or check its indentation."));
  }
}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

bool Fields::has(std::string_view key) const {
  const Node* value = node_ == nullptr ? nullptr : node_->find(key);
  return value != nullptr && value->kind != Kind::kNull;
}

Place Fields::here() const {
  return {node_ == nullptr ? Position{} : node_->at, path_};
}

Place Fields::place(std::string_view key) const {
  const Node* value = node_ == nullptr ? nullptr : node_->find(key);
  return {value == nullptr ? here().at : value->at, path_of(key)};
}

const Node* Fields::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  return has(key) ? node_->find(key) : nullptr;
}

const Node* Fields::find(std::string_view key, Kind kind, std::string_view wanted) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == kind) return value;
  refuse_type(*value, path_of(key), wanted);
  return nullptr;
}

void Fields::refuse_type(const Node& node, const std::string& path, std::string_view wanted) {
  report_->error("istio/wrong-type", {node.at, path},
                 path.substr(path.rfind('.') + 1) + " must be " + std::string(wanted) + ", and is " +
                     std::string(node.kind_name()) + ".",
                 type_remedy(node, wanted));
}

void Fields::refuse_choice(std::string_view key, const std::string& word, const std::vector<std::string>& names) {
  report_->error("istio/bad-value", place(key), quoted(word) + " is no value of " + std::string(key) + ".",
                 report_->suggest(word, names, "Use one of " + join(names, ", ") + "."));
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* value = find(key, Kind::kText, "a string");
  return value == nullptr ? std::nullopt : std::optional(value->text);
}

std::optional<bool> Fields::flag(std::string_view key) {
  const Node* value = find(key, Kind::kBoolean, "a boolean");
  return value == nullptr ? std::nullopt : to_boolean(value->text);
}

std::optional<int64_t> Fields::integer(std::string_view key) {
  const Node* value = find(key, Kind::kInteger, "an integer");
  if (value == nullptr) return std::nullopt;
  const auto parsed = to_integer(value->text);
  if (!parsed) {
    report_->error("istio/out-of-range", place(key), std::string(key) + " does not fit into 64 bits.",
                   "Write a smaller number.");
  }
  return parsed;
}

std::optional<uint32_t> Fields::count(std::string_view key, uint32_t min, uint32_t max) {
  const auto value = integer(key);
  if (!value) return std::nullopt;
  if (*value < min || *value > max) {
    report_->error("istio/out-of-range", place(key),
                   std::string(key) + " is " + std::to_string(*value) + ", which it cannot be.",
                   "Write a number " + range_text(min, max) + ".");
    return std::nullopt;
  }
  return static_cast<uint32_t>(*value);
}

std::optional<double> Fields::number(std::string_view key, double min, double max) {
  const Node* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Kind::kInteger && value->kind != Kind::kFloat) {
    refuse_type(*value, path_of(key), "a number");
    return std::nullopt;
  }
  const auto parsed = to_float(value->text);
  if (!parsed || *parsed < min || *parsed > max) {
    report_->error("istio/out-of-range", place(key),
                   std::string(key) + " is " + quoted(value->text) + ", which it cannot be.",
                   "Write a number " + range_text(static_cast<int64_t>(min), static_cast<int64_t>(max)) + ".");
    return std::nullopt;
  }
  return parsed;
}

std::optional<Duration> Fields::duration(std::string_view key) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const auto parsed = parse_duration(*written);
  if (!parsed || *parsed < std::chrono::milliseconds(1)) {
    report_->error(
        "istio/bad-duration", place(key),
        quoted(*written) + (parsed ? " is too short for " : " is not a duration for ") + std::string(key) + ".",
        "Write at least 1ms with a unit, as in \"10s\", \"500ms\" or \"1h30m\".");
    return std::nullopt;
  }
  return parsed;
}

std::optional<uint16_t> Fields::port(std::string_view key) {
  const Node* value = find(key);
  return value == nullptr ? std::nullopt : port_of(*value, path_of(key));
}

std::optional<uint16_t> Fields::port_of(const Node& node, std::string path) {
  if (node.kind != Kind::kInteger) {
    refuse_type(node, path, "an integer");
    return std::nullopt;
  }
  const auto value = to_integer(node.text);
  if (!value || *value < 1 || *value > 65535) {
    report_->error("istio/bad-port", {node.at, std::move(path)}, quoted(node.text) + " is not a port.",
                   "Write a number from 1 to 65535.");
    return std::nullopt;
  }
  return static_cast<uint16_t>(*value);
}

std::vector<std::pair<PlacedText, uint16_t>> Fields::port_map(std::string_view key) {
  std::vector<std::pair<PlacedText, uint16_t>> values;
  const Node* map = find(key, Kind::kMap, "a mapping");
  if (map == nullptr) return values;
  for (const Node::Entry& entry : map->entries) {
    std::string path = path_of(key) + "." + entry.key;
    if (const auto port = port_of(*entry.value, path)) values.push_back({{entry.key, {entry.key_at, path}}, *port});
  }
  return values;
}

std::vector<PlacedText> Fields::texts(std::string_view key) {
  std::vector<PlacedText> values;
  const Node* list = find(key, Kind::kList, "a list");
  if (list == nullptr) return values;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Node& item = *list->items[i];
    std::string path = path_of(key) + "[" + std::to_string(i) + "]";
    if (item.kind != Kind::kText) {
      refuse_type(item, path, "a string");
      continue;
    }
    values.push_back({item.text, {item.at, std::move(path)}});
  }
  return values;
}

std::vector<std::pair<PlacedText, PlacedText>> Fields::text_map(std::string_view key) {
  std::vector<std::pair<PlacedText, PlacedText>> values;
  const Node* map = find(key, Kind::kMap, "a mapping");
  if (map == nullptr) return values;
  for (const Node::Entry& entry : map->entries) {
    std::string path = path_of(key) + "." + entry.key;
    // A key without a value is the empty string in Kubernetes' reading of string maps.
    if (entry.value->kind != Kind::kText && entry.value->kind != Kind::kNull) {
      refuse_type(*entry.value, path, "a string");
      continue;
    }
    const std::string value = entry.value->kind == Kind::kText ? entry.value->text : std::string();
    values.push_back({{entry.key, {entry.key_at, path}}, {value, {entry.value->at, path}}});
  }
  return values;
}

model::Labels Fields::labels(std::string_view key) {
  model::Labels labels;
  for (const auto& [name, value] : text_map(key)) {
    if (!is_label_key(name.value)) {
      report_->error("istio/bad-label", name.place, quoted(name.value) + " is not a label's key.",
                     "Use at most 63 letters, digits, '-', '_' and '.', after an optional prefix and '/'.");
    } else if (!is_label_value(value.value)) {
      report_->error("istio/bad-label", value.place, quoted(value.value) + " is not a label's value.",
                     "Use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends.");
    } else {
      labels[name.value] = value.value;
    }
  }
  return labels;
}

std::optional<Fields> Fields::object(std::string_view key) {
  const Node* value = find(key, Kind::kMap, "a mapping");
  if (value == nullptr) return std::nullopt;
  return Fields(*report_, *value, path_of(key));
}

std::vector<Fields> Fields::objects(std::string_view key) {
  std::vector<Fields> values;
  const Node* list = find(key, Kind::kList, "a list");
  if (list == nullptr) return values;
  values.reserve(list->items.size());
  for (size_t i = 0; i < list->items.size(); ++i) {
    std::string path = path_of(key) + "[" + std::to_string(i) + "]";
    const Node& item = *list->items[i];
    if (item.kind == Kind::kNull) {
      refuse_type(item, path, "a mapping");
      continue;
    }
    values.emplace_back(*report_, item, std::move(path));
  }
  return values;
}

std::vector<std::pair<PlacedText, Fields>> Fields::object_map(std::string_view key) {
  std::vector<std::pair<PlacedText, Fields>> values;
  const Node* map = find(key, Kind::kMap, "a mapping");
  if (map == nullptr) return values;
  values.reserve(map->entries.size());
  for (const Node::Entry& entry : map->entries) {
    std::string path = path_of(key) + "." + entry.key;
    values.emplace_back(PlacedText{entry.key, {entry.key_at, path}}, Fields(*report_, *entry.value, path));
  }
  return values;
}

void Fields::not_honoured(std::string_view key, std::string_view consequence) {
  ignored_.push_back({key, consequence});
}

void Fields::not_honoured(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) not_honoured(key, "it has no effect");
}

}  // namespace ripstop::dialect::istio
