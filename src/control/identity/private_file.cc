#include "control/identity/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "runtime/file.h"
#include "runtime/file_descriptor.h"

namespace ripstop::control {
namespace {

constexpr size_t kMaxBytes = 1U << 20U;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

Status sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const runtime::FileDescriptor opened(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_valid() || ::fsync(opened.get()) != 0) {
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
  if ((status.st_mode & kOthers) != 0) {
    return fail(ErrorCode::kPermissionDenied,
                "the folder " + path + " holds keys and is open to others; run chmod 700 on it");
  }
  return {};
}

Status write_private_file(const std::string& path, std::string_view bytes) {
  if (Status written = runtime::write_file(path, bytes, S_IRUSR | S_IWUSR); !written) return written;
  return sync_folder_of(path);
}

Result<std::string> read_key_file(const std::string& path, Privacy privacy) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("the file " + path + " cannot be read", errno);
  if (privacy == Privacy::kOwnerOnly && (status.st_mode & kOthers) != 0) {
    return fail(ErrorCode::kPermissionDenied, "the file " + path +
                                                  " holds a key and is open to others; run chmod 600 on it, and rotate "
                                                  "the root if someone may have read it");
  }
  return runtime::read_file(path, kMaxBytes);
}

}  // namespace ripstop::control
