#include "control/identity/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace ripstop::control {
namespace {

constexpr size_t kMaxBytes = 1U << 20U;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("the file " + path + " cannot be written", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return fail_errno("the file " + path + " cannot be synced to its disk", errno);
  return {};
}

Status sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) {
    return fail_errno("the folder " + folder + " cannot be synced to its disk", errno);
  }
  return {};
}

}  // namespace

Status make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("the folder " + path + " for keys cannot be made", errno);
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("the folder " + path + " cannot be looked at", errno);
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kInvalidArgument, path + " is not a folder; move it away");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::kPermissionDenied,
                "the folder " + path + " holds keys and is open to others; run chmod 700 on it");
  }
  return {};
}

Status write_private_file(const std::string& path, std::string_view bytes) {
  const std::string draft = path + ".new";
  // A draft that a crash left behind may have any mode; O_EXCL after removal gives one of our own.
  ::unlink(draft.c_str());
  {
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.get() < 0) return fail_errno("the file " + draft + " cannot be made", errno);
    if (Status written = write_all(file.get(), bytes, draft); !written) return written;
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return fail_errno("the file " + path + " cannot be replaced", errno);
  return sync_folder_of(path);
}

Result<std::string> read_key_file(const std::string& path, Privacy privacy) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail_errno("the file " + path + " cannot be read", errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno("the file " + path + " cannot be looked at", errno);
  if (privacy == Privacy::kOwnerOnly && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::kPermissionDenied, "the file " + path +
                                                  " holds a key and is open to others; run chmod 600 on it, and rotate "
                                                  "the root if someone may have read it");
  }
  std::string bytes;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("the file " + path + " cannot be read", errno);
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > kMaxBytes)
      return fail(ErrorCode::kTooLarge, "the file " + path + " is too large for a key file");
  }
}

}  // namespace ripstop::control
