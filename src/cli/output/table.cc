#include "cli/output/table.h"

#include <algorithm>

namespace ripstop::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::string render_row(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t column = 0; column < cells.size(); ++column) {
    const std::string& cell = cells[column].empty() ? "-" : cells[column];
    if (column != 0) line += kGap;
    line += cell;
    line.append(widths[column] - std::min(widths[column], display_width(cell)), ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string Palette::wrap(std::string_view code, std::string_view text) const {
  if (!is_on) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  bool is_escape = false;
  for (const char c : text) {
    if (c == '\x1b') is_escape = true;
    if (!is_escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
    if (is_escape && c == 'm') is_escape = false;
  }
  return width;
}

std::string Table::render(const Palette& palette) const {
  if (rows_.empty()) return {};
  std::vector<size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(display_width(heading));
  for (const std::vector<std::string>& row : rows_) {
    for (size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], display_width(row[column]));
    }
  }
  std::vector<std::string> headings;
  for (const std::string& heading : headings_) headings.push_back(palette.bold(heading));
  std::string text = render_row(headings, widths);
  for (const std::vector<std::string>& row : rows_) text += render_row(row, widths);
  return text;
}

}  // namespace ripstop::cli
