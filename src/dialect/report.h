// Where the findings of one resource go.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "dialect/document.h"
#include "model/finding.h"

namespace ripstop::dialect {

// A spot in a resource: where it stands in the file and its path, "spec.http[0].route[1].weight".
struct Place {
  Position at;
  std::string field;
};

class Report {
 public:
  // `title` as in Finding::resource. Appends to `findings`, which must outlive the report.
  Report(std::string title, std::string file, model::Findings& findings);

  void error(std::string_view code, const Place& place, std::string message, std::string remedy);
  void warning(std::string_view code, const Place& place, std::string message, std::string remedy);
  void note(std::string_view code, const Place& place, std::string message, std::string remedy = {});

  [[nodiscard]] bool has_error() const { return has_error_; }

  // "Did you mean …?" when one of the candidates is near, else `otherwise`. Costs nothing once the report is full.
  [[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string> candidates,
                                    std::string otherwise) const;

 private:
  void add(model::Severity severity, std::string_view code, const Place& place, std::string message,
           std::string remedy);

  std::string title_;
  std::string file_;
  model::Findings& findings_;
  size_t count_ = 0;
  bool has_error_ = false;
};

// In quotes, and cut when it is long: for values that users wrote.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace ripstop::dialect
