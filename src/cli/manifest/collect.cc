#include "cli/manifest/collect.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/text.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLargestFile = size_t{8} << 20;

bool is_manifest(const fs::path& path) {
  const std::string extension = to_lower(path.extension().string());
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Status add_file(const std::string& path, std::vector<dialect::Source>& sources) {
  Result<std::string> text = runtime::read_file(path, kLargestFile);
  if (!text) return fail_with(text);
  sources.push_back({.file = path, .text = std::move(*text)});
  return {};
}

Status add_folder(const std::string& path, std::vector<dialect::Source>& sources) {
  std::vector<std::string> files;
  std::error_code failed;
  for (auto entry = fs::recursive_directory_iterator(path, failed); !failed && entry != fs::end(entry);
       entry.increment(failed)) {
    if (entry->is_regular_file(failed) && is_manifest(entry->path())) files.push_back(entry->path().string());
  }
  if (failed) return fail(ErrorCode::kIo, "cannot read the folder " + path + ": " + failed.message());
  if (files.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the folder " + path + " holds no .yaml, .yml or .json file");
  }
  std::ranges::sort(files);
  for (const std::string& file : files) {
    if (Status added = add_file(file, sources); !added) return added;
  }
  return {};
}

std::unexpected<Error> missing(const std::string& path) {
  const fs::path whole(path);
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) names.push_back(entry.path().filename().string());
  std::string message = "there is no file or folder " + path;
  if (const auto near = nearest(whole.filename().string(), names)) {
    message += "; did you mean " + (whole.has_parent_path() ? (folder / *near).string() : *near) + "?";
  }
  return fail(ErrorCode::kNotFound, message);
}

Status add(const std::string& path, std::istream& standard_input, std::vector<dialect::Source>& sources) {
  if (path == "-") {
    std::string text{std::istreambuf_iterator<char>(standard_input), {}};
    if (text.size() > kLargestFile) return fail(ErrorCode::kTooLarge, "standard input has more than 8 MiB");
    sources.push_back({.file = "<stdin>", .text = std::move(text)});
    return {};
  }
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (fs::is_directory(status)) return add_folder(path, sources);
  if (!fs::exists(status)) return missing(path);
  return add_file(path, sources);
}

}  // namespace

Result<std::vector<dialect::Source>> collect_sources(const std::vector<std::string>& paths,
                                                     std::istream& standard_input) {
  std::vector<dialect::Source> sources;
  for (const std::string& path : paths) {
    if (Status added = add(path, standard_input, sources); !added) return fail_with(added);
  }
  return sources;
}

SourceTexts texts_of(const std::vector<dialect::Source>& sources) {
  SourceTexts texts;
  for (const dialect::Source& source : sources) texts[source.file] = source.text;
  return texts;
}

dialect::ReadResult read_all(const std::vector<dialect::Source>& sources) {
  dialect::ReadResult all;
  for (const dialect::Source& source : sources) {
    dialect::ReadResult one = dialect::read(source);
    std::ranges::move(one.resources, std::back_inserter(all.resources));
    std::ranges::move(one.findings, std::back_inserter(all.findings));
  }
  return all;
}

}  // namespace ripstop::cli
