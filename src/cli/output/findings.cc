#include "cli/output/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/text.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;
using model::Finding;
using model::Severity;

constexpr size_t kLongestExcerpt = 120;

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string painted(Severity severity, const Palette& palette) {
  const std::string text = fmt::format("{}:", name_of(severity));
  if (severity == Severity::kError) return palette.red(text);
  return severity == Severity::kWarning ? palette.yellow(text) : palette.cyan(text);
}

std::string place_of(const Finding& finding) {
  std::string place = finding.file;
  if (finding.line != 0) place += fmt::format(":{}", finding.line);
  if (finding.line != 0 && finding.column != 0) place += fmt::format(":{}", finding.column);
  return place;
}

// The line itself, with a caret under the column. Tabs stay tabs in front of the caret, so that both line up; what a
// terminal would act on is shown as '?'.
std::string excerpt(const Finding& finding, const SourceTexts& sources, const Palette& palette) {
  const auto source = sources.find(finding.file);
  if (source == sources.end() || finding.line == 0) return {};
  const std::vector<std::string_view> lines = split(source->second, '\n');
  if (finding.line > lines.size()) return {};
  std::string line(lines[finding.line - 1]);
  if (line.ends_with('\r')) line.pop_back();
  std::ranges::replace_if(
      line, [](char c) { return c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F); }, '?');
  if (line.size() > kLongestExcerpt) line.resize(kLongestExcerpt);
  const std::string number = fmt::format("{:>5}", finding.line);
  std::string text = fmt::format("{} | {}\n", palette.dim(number), line);
  if (finding.column == 0 || finding.column > line.size() + 1) return text;
  std::string indent = line.substr(0, finding.column - 1);
  std::ranges::replace_if(indent, [](char c) { return c != '\t'; }, ' ');
  return text + fmt::format("      | {}{}\n", indent, palette.green("^"));
}

std::string render(const Finding& finding, const SourceTexts& sources, const Palette& palette) {
  const std::string place = place_of(finding);
  std::string text = fmt::format("{}{}{} {} [{}]\n", palette.bold(place), place.empty() ? "" : ": ",
                                 painted(finding.severity, palette), finding.message, finding.code);
  text += excerpt(finding, sources, palette);
  const std::string_view between = finding.resource.empty() || finding.field.empty() ? "" : ": ";
  if (!finding.resource.empty() || !finding.field.empty()) {
    text += fmt::format("      in {}{}{}\n", finding.resource, between, finding.field);
  }
  if (!finding.remedy.empty()) text += fmt::format("      {} {}\n", palette.green("help:"), finding.remedy);
  return text;
}

std::string counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

uint32_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint32_t>() : 0;
}

Severity severity_of(const std::string& name) {
  if (name == "note") return Severity::kNote;
  return name == "warning" ? Severity::kWarning : Severity::kError;
}

}  // namespace

std::string render_findings(model::Findings findings, const SourceTexts& sources, const Palette& palette) {
  std::ranges::sort(findings, [](const Finding& left, const Finding& right) {
    return std::tie(left.file, left.line, left.column, left.field, left.code, left.message) <
           std::tie(right.file, right.line, right.column, right.field, right.code, right.message);
  });
  std::string text;
  for (const Finding& finding : findings) text += render(finding, sources, palette);
  return text;
}

std::string summarize_findings(const model::Findings& findings) {
  std::string text;
  std::set<std::string> files;
  for (const Finding& finding : findings) files.insert(finding.file);
  for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kNote}) {
    const auto count = static_cast<size_t>(std::ranges::count(findings, severity, &Finding::severity));
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += counted(count, name_of(severity));
  }
  return text.empty() ? text : text + " in " + counted(files.size(), "file");
}

std::string findings_to_json(const model::Findings& findings) {
  Json array = Json::array();
  for (const Finding& finding : findings) {
    array.push_back({{"severity", name_of(finding.severity)},
                     {"code", finding.code},
                     {"message", finding.message},
                     {"remedy", finding.remedy},
                     {"resource", finding.resource},
                     {"field", finding.field},
                     {"file", finding.file},
                     {"line", finding.line},
                     {"column", finding.column}});
  }
  return array.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<model::Findings> findings_from_json(std::string_view json) {
  const Json array = Json::parse(json, nullptr, false);
  if (!array.is_array()) return fail(ErrorCode::kParse, "the control plane's findings are not a list");
  model::Findings findings;
  for (const Json& one : array) {
    if (!one.is_object()) continue;
    findings.push_back({.severity = severity_of(text_of(one, "severity")),
                        .code = text_of(one, "code"),
                        .message = text_of(one, "message"),
                        .remedy = text_of(one, "remedy"),
                        .resource = text_of(one, "resource"),
                        .field = text_of(one, "field"),
                        .file = text_of(one, "file"),
                        .line = number_of(one, "line"),
                        .column = number_of(one, "column")});
  }
  return findings;
}

}  // namespace ripstop::cli
