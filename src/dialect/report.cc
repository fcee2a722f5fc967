#include "dialect/report.h"

#include <utility>

#include "base/text.h"

namespace ripstop::dialect {
namespace {

// Enough for a person; a hostile resource must not turn into a flood.
constexpr size_t kMaxFindings = 100;
constexpr size_t kMaxQuoted = 80;
// Longer words are no mistyped name.
constexpr size_t kMaxSuggested = 253;

}  // namespace

Report::Report(std::string title, std::string file, model::Findings& findings)
    : title_(std::move(title)), file_(std::move(file)), findings_(findings) {}

void Report::error(std::string_view code, const Place& place, std::string message, std::string remedy) {
  has_error_ = true;
  add(model::Severity::kError, code, place, std::move(message), std::move(remedy));
}

void Report::warning(std::string_view code, const Place& place, std::string message, std::string remedy) {
  add(model::Severity::kWarning, code, place, std::move(message), std::move(remedy));
}

void Report::note(std::string_view code, const Place& place, std::string message, std::string remedy) {
  add(model::Severity::kNote, code, place, std::move(message), std::move(remedy));
}

std::string Report::suggest(std::string_view word, std::span<const std::string> candidates,
                            std::string otherwise) const {
  if (count_ > kMaxFindings || word.size() > kMaxSuggested) return otherwise;
  const auto meant = nearest(word, candidates);
  return meant ? "Did you mean \"" + *meant + "\"?" : std::move(otherwise);
}

void Report::add(model::Severity severity, std::string_view code, const Place& place, std::string message,
                 std::string remedy) {
  if (count_ > kMaxFindings) return;
  if (++count_ > kMaxFindings) {
    code = "resource/more-findings";
    message = "There are more findings in this resource than are shown.";
    remedy = "Repair those shown and look again.";
  }
  findings_.push_back({.severity = severity,
                       .code = std::string(code),
                       .message = std::move(message),
                       .remedy = std::move(remedy),
                       .resource = title_,
                       .field = place.field,
                       .file = file_,
                       .line = place.at.line,
                       .column = place.at.column});
}

std::string quoted(std::string_view text) {
  if (text.size() <= kMaxQuoted) return "\"" + std::string(text) + "\"";
  size_t end = kMaxQuoted;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return "\"" + std::string(text.substr(0, end)) + "…\"";
}

}  // namespace ripstop::dialect
