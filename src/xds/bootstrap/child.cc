// The child of parse_in_child(): one byte that says whether it went well, then the binary or the error's text.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "xds/bootstrap.h"

namespace ripstop::xds {
namespace {

constexpr char kGood = '+';
constexpr char kBad = '-';
constexpr rlim_t kCpuSeconds = 60;
constexpr int kMemoryStep = 16 << 20;
constexpr int kMaxMemory = 1 << 30;
constexpr size_t kMaxAnswerBytes = size_t{64} << 20;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(fmt::format("cannot open \"{}\"", path), errno);
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad() || text.bad()) return fail(ErrorCode::kIo, fmt::format("cannot read \"{}\"", path));
  return std::move(text).str();
}

std::string answer(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return kBad + text.error().message;
  Result<std::string> binary = compile_bootstrap(*text, path);
  return binary ? kGood + *binary : kBad + binary.error().message;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

[[noreturn]] void run_child(int fd, const std::string& path) {
  const rlimit limit{kCpuSeconds, kCpuSeconds};
  ::setrlimit(RLIMIT_CPU, &limit);
  // Memory is taken in large steps and not given back before the end, which is near.
  mallopt(M_TOP_PAD, kMemoryStep);
  mallopt(M_TRIM_THRESHOLD, kMaxMemory);
  mallopt(M_MMAP_THRESHOLD, kMaxMemory);
  const bool is_written = write_all(fd, answer(path));
  // Not exit(): the parent's buffers and handlers are the parent's to run.
  ::_exit(is_written ? 0 : 1);
}

std::string read_all(int fd) {
  std::string bytes;
  char buffer[65536];
  while (bytes.size() <= kMaxAnswerBytes) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    bytes.append(buffer, static_cast<size_t>(count));
  }
  return bytes;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

}  // namespace

Result<Bootstrap> parse_in_child(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return fail_errno("cannot start the child that reads the configuration", error);
  }
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], path);
  }
  ::close(ends[1]);
  const std::string bytes = read_all(ends[0]);
  ::close(ends[0]);
  const int status = wait_for(child);
  if (bytes.empty() || bytes.size() > kMaxAnswerBytes || !WIFEXITED(status)) {
    return fail(ErrorCode::kInternal,
                fmt::format("reading \"{}\" took too much time or memory; check that it is a configuration", path));
  }
  const std::string_view content = std::string_view(bytes).substr(1);
  if (bytes[0] != kGood) return fail(ErrorCode::kInvalidArgument, std::string(content));
  Result<Bootstrap> bootstrap = decode_bootstrap(content);
  if (!bootstrap) bootstrap.error().message = fmt::format("{}: {}", path, bootstrap.error().message);
  return bootstrap;
}

}  // namespace ripstop::xds
