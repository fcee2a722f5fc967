// Columns of text for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ripstop::cli {

// Escape sequences that do nothing when colour is off.
struct Palette {
  bool is_on = false;

  [[nodiscard]] std::string bold(std::string_view text) const { return wrap("1", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return wrap("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return wrap("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return wrap("33", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return wrap("36", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return wrap("2", text); }

 private:
  [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const;
};

// Columns on the terminal: UTF-8 characters, without escape sequences.
[[nodiscard]] size_t display_width(std::string_view text);

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  // As many cells as there are headings; an empty one is shown as "-".
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  // Lines without trailing blanks; "" when there are no rows.
  [[nodiscard]] std::string render(const Palette& palette) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ripstop::cli
