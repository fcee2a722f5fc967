// The order in which types are asked for and sent: what is referred to before what refers to it.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "xds/resource.h"

namespace ripstop::xds {

inline constexpr std::array<std::string_view, 6> kTypeOrder = {
    type::kCluster, type::kLoadAssignment, type::kListener, type::kRouteTable, type::kSecret, type::kNameTable,
};

// Types that kTypeOrder does not know come last, by name.
struct TypeOrder {
  using is_transparent = void;

  [[nodiscard]] static size_t place(std::string_view type_url) {
    return static_cast<size_t>(std::ranges::find(kTypeOrder, type_url) - kTypeOrder.begin());
  }
  [[nodiscard]] bool operator()(std::string_view left, std::string_view right) const {
    const size_t left_place = place(left);
    const size_t right_place = place(right);
    return left_place != right_place ? left_place < right_place : left < right;
  }
};

}  // namespace ripstop::xds
