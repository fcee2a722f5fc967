// The content of a value as 128 bits: the key under which a pass's result is remembered.
//
// Every field of every nested struct takes part, found by the compiler rather than listed by hand, so that an input
// cannot be left out of its own key. Works on aggregates of up to 20 fields, the standard containers, optionals,
// variants, shared pointers (by what they point to), durations, enums and addresses; anything else does not compile.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/address.h"

namespace ripstop::translate {

// A value that is shared and whose content is already known by its digest. One that nobody made is null: "none".
template <typename T>
struct Part {
  std::shared_ptr<const T> value;
  std::string digest;  // 32 hexadecimal digits
  explicit operator bool() const { return value != nullptr; }
  const T& operator*() const { return *value; }
  const T* operator->() const { return value.get(); }
};

// Collects values in a form in which different contents are different bytes: numbers have a fixed width, everything of
// variable length is preceded by its length.
class Fingerprint {
 public:
  template <typename T>
  void add(const T& value);
  [[nodiscard]] std::string digest() const;

 private:
  void add_number(uint64_t value);
  void add_text(std::string_view text);
  template <typename T>
  void add_fields(const T& value);
  template <typename T>
  void add_many_fields(const T& value);  // beyond ten
  template <typename... Fields>
  void add_all(const Fields&... fields) {
    (add(fields), ...);
  }

  std::string bytes_;
};

template <typename T>
[[nodiscard]] std::string fingerprint(const T& value) {
  Fingerprint print;
  print.add(value);
  return print.digest();
}

template <typename T>
[[nodiscard]] Part<T> make_part(std::shared_ptr<const T> value) {
  std::string digest = fingerprint(*value);
  return {std::move(value), std::move(digest)};
}

template <typename T>
[[nodiscard]] Part<T> make_part(T value) {
  return make_part(std::shared_ptr<const T>(std::make_shared<T>(std::move(value))));
}

namespace detail {

template <typename T, template <typename...> typename Template>
inline constexpr bool kIs = false;
template <template <typename...> typename Template, typename... Arguments>
inline constexpr bool kIs<Template<Arguments...>, Template> = true;

template <typename T>
inline constexpr bool kIsDuration = false;
template <typename Rep, typename Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

struct Anything {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor): stands for a field of any type, never called
};

template <typename T, size_t... Index>
constexpr bool is_made_of(std::index_sequence<Index...>) {
  return requires { T{(static_cast<void>(Index), Anything{})...}; };
}

inline constexpr size_t kMaxFields = 20;

// The number of fields: the longest list of initializers that T takes.
template <typename T, size_t Count = kMaxFields + 1>
constexpr size_t field_count() {
  if constexpr (Count == 0 || is_made_of<T>(std::make_index_sequence<Count>())) {
    return Count;
  } else {
    return field_count<T, Count - 1>();
  }
}

}  // namespace detail

template <typename T>
void Fingerprint::add(const T& value) {
  if constexpr (std::is_enum_v<T> || std::integral<T>) {
    add_number(static_cast<uint64_t>(value));
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    add_text(value);
  } else if constexpr (std::same_as<T, IpAddress>) {
    add_text(value.bytes());
  } else if constexpr (detail::kIsDuration<T>) {
    add_number(static_cast<uint64_t>(value.count()));
  } else if constexpr (detail::kIs<T, Part>) {
    add_text(value.digest);
  } else if constexpr (detail::kIs<T, std::optional> || detail::kIs<T, std::shared_ptr>) {
    add_number(value ? 1 : 0);
    if (value) add(*value);
  } else if constexpr (detail::kIs<T, std::variant>) {
    add_number(value.index());
    std::visit([this](const auto& held) { this->add(held); }, value);
  } else if constexpr (detail::kIs<T, std::pair>) {
    add_all(value.first, value.second);
  } else if constexpr (std::ranges::sized_range<const T>) {
    add_number(std::ranges::size(value));
    for (const auto& element : value) add(element);
  } else {
    static_assert(std::is_aggregate_v<T>, "a fingerprint needs an aggregate, whose fields the compiler can list");
    add_fields(value);
  }
}

template <typename T>
void Fingerprint::add_many_fields(const T& value) {
  constexpr size_t kCount = detail::field_count<T>();
  static_assert(kCount <= detail::kMaxFields, "add a line below for so many fields");
  if constexpr (kCount == 11) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (kCount == 12) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (kCount == 13) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (kCount == 14) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (kCount == 15) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (kCount == 16) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  } else if constexpr (kCount == 17) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
  } else if constexpr (kCount == 18) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
  } else if constexpr (kCount == 19) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  } else if constexpr (kCount == 20) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = value;
    add_all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
  }
}

template <typename T>
void Fingerprint::add_fields(const T& value) {
  constexpr size_t kCount = detail::field_count<T>();
  if constexpr (kCount == 0) {
    static_cast<void>(value);
  } else if constexpr (kCount == 1) {
    const auto& [a] = value;
    add_all(a);
  } else if constexpr (kCount == 2) {
    const auto& [a, b] = value;
    add_all(a, b);
  } else if constexpr (kCount == 3) {
    const auto& [a, b, c] = value;
    add_all(a, b, c);
  } else if constexpr (kCount == 4) {
    const auto& [a, b, c, d] = value;
    add_all(a, b, c, d);
  } else if constexpr (kCount == 5) {
    const auto& [a, b, c, d, e] = value;
    add_all(a, b, c, d, e);
  } else if constexpr (kCount == 6) {
    const auto& [a, b, c, d, e, f] = value;
    add_all(a, b, c, d, e, f);
  } else if constexpr (kCount == 7) {
    const auto& [a, b, c, d, e, f, g] = value;
    add_all(a, b, c, d, e, f, g);
  } else if constexpr (kCount == 8) {
    const auto& [a, b, c, d, e, f, g, h] = value;
    add_all(a, b, c, d, e, f, g, h);
  } else if constexpr (kCount == 9) {
    const auto& [a, b, c, d, e, f, g, h, i] = value;
    add_all(a, b, c, d, e, f, g, h, i);
  } else if constexpr (kCount == 10) {
    const auto& [a, b, c, d, e, f, g, h, i, j] = value;
    add_all(a, b, c, d, e, f, g, h, i, j);
  } else {
    add_many_fields(value);
  }
}

}  // namespace ripstop::translate
