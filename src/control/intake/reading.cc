#include "control/intake/reading.h"

#include <map>
#include <utility>

namespace ripstop::control {
namespace {

enum class WhenTwice : uint8_t { kLaterCounts, kFirstCounts };

class Reader {
 public:
  explicit Reader(WhenTwice when_twice) : when_twice_(when_twice) {}

  void add(const dialect::Source& source) {
    dialect::ReadResult read = dialect::read(source);
    if (model::has_error(read.findings)) reading_.broken_files.insert(source.file);
    reading_.findings.insert(reading_.findings.end(), read.findings.begin(), read.findings.end());
    for (dialect::Resource& resource : read.resources) take(std::move(resource));
  }

  void add_unreadable(const FolderFile& file) {
    reading_.broken_files.insert(file.path);
    reading_.findings.push_back({.code = "intake/unreadable-file",
                                 .message = *file.complaint,
                                 .remedy = "Check the file and its permissions, or move it out of the watched folder.",
                                 .file = file.path});
  }

  Reading finish(const model::MeshSettings& settings) {
    // On their own: nothing in the mesh refers to them.
    dialect::Compiled passed_over = dialect::compile(passed_over_, settings);
    reading_.findings.insert(reading_.findings.end(), passed_over.findings.begin(), passed_over.findings.end());
    return std::move(reading_);
  }

 private:
  void take(dialect::Resource resource) {
    if (!is_kept(resource)) {
      passed_over_.push_back(std::move(resource));
      return;
    }
    const auto [place, is_new] = places_.try_emplace(key_of(resource), reading_.resources.size());
    if (is_new) {
      reading_.resources.push_back(std::move(resource));
      return;
    }
    dialect::Resource& known = reading_.resources[place->second];
    note_twice(known, resource);
    if (when_twice_ == WhenTwice::kLaterCounts) known = std::move(resource);
  }

  void note_twice(const dialect::Resource& first, const dialect::Resource& second) {
    const bool is_error = when_twice_ == WhenTwice::kFirstCounts;
    const std::string where = first.file + ":" + std::to_string(first.line);
    reading_.findings.push_back({.severity = is_error ? model::Severity::kError : model::Severity::kWarning,
                                 .code = "intake/given-twice",
                                 .message = second.title() + " is also in " + where +
                                            (is_error ? ", and that one counts." : "; this one counts."),
                                 .remedy = "Keep one of the two.",
                                 .resource = second.title(),
                                 .file = second.file,
                                 .line = second.line});
  }

  WhenTwice when_twice_;
  Reading reading_;
  std::vector<dialect::Resource> passed_over_;
  std::map<ResourceKey, size_t> places_;
};

}  // namespace

std::vector<ResourceKey> Reading::keys() const {
  std::vector<ResourceKey> keys;
  keys.reserve(resources.size());
  for (const dialect::Resource& resource : resources) keys.push_back(key_of(resource));
  return keys;
}

std::set<std::string> Reading::titles() const {
  std::set<std::string> titles;
  for (const dialect::Resource& resource : resources) titles.insert(resource.title());
  return titles;
}

std::vector<Resource> Reading::records(Owner owner) const {
  std::vector<Resource> records;
  records.reserve(resources.size());
  for (const dialect::Resource& resource : resources) {
    records.push_back(
        {.key = key_of(resource), .owner = owner, .text = resource.text, .file = resource.file, .line = resource.line});
  }
  return records;
}

Reading read_sources(std::span<const dialect::Source> sources, const model::MeshSettings& settings) {
  Reader reader(WhenTwice::kLaterCounts);
  for (const dialect::Source& source : sources) reader.add(source);
  return reader.finish(settings);
}

Reading read_folder(const FolderContent& content, const model::MeshSettings& settings) {
  Reader reader(WhenTwice::kFirstCounts);
  for (const FolderFile& file : content.files) {
    if (file.complaint) {
      reader.add_unreadable(file);
    } else {
      reader.add(dialect::Source{.file = file.path, .text = file.bytes});
    }
  }
  return reader.finish(settings);
}

}  // namespace ripstop::control
