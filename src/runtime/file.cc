#include "runtime/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "runtime/file_descriptor.h"

namespace ripstop::runtime {

Result<std::string> read_file(const std::string& path, size_t limit) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_valid()) return fail_errno("cannot open " + path, errno);
  std::string content;
  char chunk[16384];
  for (;;) {
    const ssize_t count = ::read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read " + path, errno);
    if (count == 0) return content;
    content.append(chunk, static_cast<size_t>(count));
    if (content.size() > limit) {
      return fail(ErrorCode::kTooLarge, path + " has more than " + std::to_string(limit) + " bytes");
    }
  }
}

namespace {

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot write " + path, errno);
    content.remove_prefix(static_cast<size_t>(count));
  }
  if (::fsync(fd) != 0) return fail_errno("cannot write " + path, errno);
  return {};
}

}  // namespace

Status write_file(const std::string& path, std::string_view content, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.is_valid()) return fail_errno("cannot write " + path, errno);
  Status written = write_all(fd.get(), content, path);
  if (written && ::fchmod(fd.get(), mode) != 0) written = fail_errno("cannot write " + path, errno);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = fail_errno("cannot write " + path, errno);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace ripstop::runtime
