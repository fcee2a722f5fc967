// The order in which resources that claim the same thing are heard: the oldest first, then by namespace and name, so
// that the order in which they arrived never shows.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "model/origin.h"
#include "translate/fingerprint.h"

namespace ripstop::translate {

[[nodiscard]] inline auto resource_rank(const model::OriginRef& origin) {
  if (!origin) return std::tuple<std::string_view, std::string_view, uint32_t, std::string_view>();
  return std::tuple<std::string_view, std::string_view, uint32_t, std::string_view>(origin->name, origin->file,
                                                                                    origin->line, origin->field);
}

// For anything with `created`, `ns` and `origin`. The pointers share nothing with `resources` but their content.
template <typename T>
[[nodiscard]] std::vector<std::shared_ptr<const T>> oldest_first(const std::vector<T>& resources) {
  std::vector<std::shared_ptr<const T>> ordered;
  ordered.reserve(resources.size());
  for (const T& resource : resources) ordered.push_back(std::make_shared<const T>(resource));
  std::ranges::sort(ordered, [](const auto& left, const auto& right) {
    const auto before = std::tuple(left->created, std::string_view(left->ns), resource_rank(left->origin)) <=>
                        std::tuple(right->created, std::string_view(right->ns), resource_rank(right->origin));
    return before == 0 ? fingerprint(*left) < fingerprint(*right) : before < 0;
  });
  return ordered;
}

}  // namespace ripstop::translate
