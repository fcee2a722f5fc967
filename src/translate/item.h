// One thing a pass made, and its wire form once somebody asked for it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "xds/encode.h"
#include "xds/resource.h"

namespace ripstop::translate {

using ResourceRef = std::shared_ptr<const xds::Resource>;

// Encoded at most once however many proxies get it. Follows the threading of the Cache that holds it.
template <typename T>
class Item {
 public:
  explicit Item(T value) : value_(std::move(value)) {}
  [[nodiscard]] const T& operator*() const { return value_; }
  [[nodiscard]] const T* operator->() const { return &value_; }
  [[nodiscard]] const ResourceRef& resource() const {
    if (!resource_) resource_ = std::make_shared<const xds::Resource>(xds::encode(value_));
    return resource_;
  }

 private:
  T value_;
  mutable ResourceRef resource_;
};

template <typename T>
using Items = std::vector<std::shared_ptr<const Item<T>>>;

template <typename T>
[[nodiscard]] std::shared_ptr<const Item<T>> make_item(T value) {
  return std::make_shared<const Item<T>>(std::move(value));
}

template <typename T>
[[nodiscard]] Items<T> make_items(std::vector<T> values) {
  Items<T> items;
  items.reserve(values.size());
  for (T& value : values) items.push_back(make_item(std::move(value)));
  return items;
}

}  // namespace ripstop::translate
