#include "control/intake/folder_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "base/text.h"
#include "runtime/file_descriptor.h"

namespace ripstop::control {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel's own limit

std::deque<std::string> components(std::string_view path) {
  std::deque<std::string> parts;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

bool is_configuration(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

class Scan {
 public:
  Scan(const FolderLimits& limits, InotifySet& watches) : limits_(limits), watches_(watches) {}

  Status follow(const std::string& path);
  Status enter(const std::string& folder, size_t depth);
  FolderContent take() {
    std::ranges::sort(content_.files, {}, &FolderFile::path);
    return std::move(content_);
  }

 private:
  Result<std::vector<std::string>> list(const std::string& folder) const;
  Status visit(const std::string& path, const std::string& name, size_t depth);
  Status add_file(const std::string& path);
  [[nodiscard]] FolderFile read(const std::string& path) const;

  const FolderLimits& limits_;
  InotifySet& watches_;
  FolderContent content_;
  size_t total_bytes_ = 0;
  std::set<std::pair<dev_t, ino_t>> entered_;  // a link to a folder above would lead round for ever
};

// Walks a path as the kernel does and declares every link on it and its end, each in the folder that holds it: whoever
// exchanges one of them exchanges what the path leads to.
Status Scan::follow(const std::string& path) {
  std::string current;
  std::error_code no_folder;
  std::deque<std::string> rest = components(std::filesystem::absolute(path, no_folder).string());
  int links = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      current.erase(std::min(current.rfind('/'), current.size()));
      continue;
    }
    const std::string folder = current.empty() ? "/" : current;
    std::string next = current;
    next.append("/").append(name);
    std::error_code failure;
    std::filesystem::path target = std::filesystem::read_symlink(next, failure);
    if (!failure || rest.empty()) {
      if (Status declared = watches_.want_name(folder, name); !declared) return declared;
      // Read again, because it may have been exchanged before it was watched.
      target = std::filesystem::read_symlink(next, failure);
    }
    if (failure) {
      current = std::move(next);
      continue;
    }
    if (++links > kMaxLinks) return {};  // opening it will say so
    if (target.is_absolute()) current.clear();
    std::deque<std::string> parts = components(target.string());
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }
  return {};
}

Result<std::vector<std::string>> Scan::list(const std::string& folder) const {
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> open(::opendir(folder.c_str()));
  if (open == nullptr) {
    return fail_errno("the folder " + folder + " cannot be read; check that it exists and is open to this user", errno);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open.get())) {
    std::string name = entry->d_name;
    if (!name.starts_with('.')) names.push_back(std::move(name));
    if (names.size() > limits_.files) return fail(ErrorCode::kTooLarge, "the folder " + folder + " has too many files");
  }
  std::ranges::sort(names);
  return names;
}

Status Scan::enter(const std::string& folder, size_t depth) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) {
    return fail_errno("the folder " + folder + " cannot be read; check that it exists and is open to this user", errno);
  }
  if (!entered_.emplace(status.st_dev, status.st_ino).second) return {};
  if (depth > limits_.depth) return fail(ErrorCode::kTooLarge, "the folder " + folder + " lies too deep");
  if (Status declared = watches_.want_folder(folder); !declared) return declared;
  const Result<std::vector<std::string>> names = list(folder);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    std::string path = folder;
    path.append("/").append(name);
    if (Status visited = visit(path, name, depth); !visited) return visited;
  }
  return {};
}

Status Scan::visit(const std::string& path, const std::string& name, size_t depth) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};  // gone since it was listed; its event is on its way
  const bool is_link = S_ISLNK(status.st_mode);
  if (is_link) {
    if (Status followed = follow(path); !followed) return followed;
    if (::stat(path.c_str(), &status) != 0) return is_configuration(name) ? add_file(path) : Status();
  }
  if (S_ISDIR(status.st_mode)) return enter(path, depth + 1);
  return is_configuration(name) ? add_file(path) : Status();
}

Status Scan::add_file(const std::string& path) {
  if (content_.files.size() >= limits_.files) {
    return fail(ErrorCode::kTooLarge, "the watched folder has more than " + std::to_string(limits_.files) + " files");
  }
  content_.files.push_back(read(path));
  total_bytes_ += content_.files.back().bytes.size();
  if (total_bytes_ <= limits_.total_bytes) return {};
  return fail(ErrorCode::kTooLarge, "the watched folder has more than " + std::to_string(limits_.total_bytes) +
                                        " bytes; it went over with " + path);
}

FolderFile Scan::read(const std::string& path) const {
  FolderFile file{.path = path, .bytes = {}, .complaint = {}};
  const auto refuse = [&file](std::string why) {
    file.bytes.clear();
    file.complaint = std::move(why);
    return file;
  };
  // O_NONBLOCK: a named pipe must not hold the control plane up.
  const runtime::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_valid()) return refuse(fail_errno("The file cannot be opened", errno).error().message + ".");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return refuse("This is not a regular file.");
  char chunk[64 * 1024];
  while (true) {
    const ssize_t count = ::read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(fail_errno("The file cannot be read", errno).error().message + ".");
    if (count == 0) return file;
    file.bytes.append(chunk, static_cast<size_t>(count));
    if (file.bytes.size() > limits_.file_bytes) {
      return refuse("The file has more than " + std::to_string(limits_.file_bytes) + " bytes.");
    }
  }
}

}  // namespace

Result<FolderContent> scan_folder(const std::string& root, const FolderLimits& limits, InotifySet& watches) {
  Scan scan(limits, watches);
  if (Status followed = scan.follow(root); !followed) return fail_with(followed);
  if (Status entered = scan.enter(root, 0); !entered) return fail_with(entered);
  return scan.take();
}

}  // namespace ripstop::control
