#include "proxy/telemetry/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.h"

namespace ripstop::proxy::telemetry {
namespace {

constexpr size_t kFlushBytes = size_t{64} << 10;
constexpr size_t kMostPending = size_t{1} << 20;  // of a file that takes nothing; what comes then is lost
constexpr Duration kFlushInterval = std::chrono::seconds(1);

Result<LogFormat> compile(const model::AccessLog& log) {
  if (log.is_json && log.format.empty()) return LogFormat::compile_json(default_json_keys());
  if (log.is_json) return LogFormat::compile_json_object(log.format);
  return LogFormat::compile(log.format.empty() ? default_text_format() : std::string_view(log.format));
}

}  // namespace

AccessLogs::~AccessLogs() {
  flush();
}

void AccessLogs::open(File& file) {
  if (file.path == "/dev/stdout" || file.path == "/dev/stderr") {
    file.fd = runtime::FileDescriptor(fcntl(file.path == "/dev/stdout" ? 1 : 2, F_DUPFD_CLOEXEC, 0));
    return;
  }
  file.fd = runtime::FileDescriptor(::open(file.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!file.fd.is_valid())
    log::error("proxy.access-log", fail_errno("cannot open " + file.path, errno).error().message);
}

const AccessLogs::Sink* AccessLogs::find(const model::AccessLog& log) {
  const std::lock_guard lock(mutex_);
  const auto found = sinks_.find(log);
  if (found != sinks_.end()) return found->second.get();
  auto& sink = sinks_[log];
  auto format = compile(log);
  if (!format) {
    log::error("proxy.access-log", log.path + ": " + format.error().message);
    return nullptr;
  }
  auto& file = files_[log.path];
  if (!file) {
    file = std::make_shared<File>();
    file->path = log.path;
    open(*file);
  }
  sink = std::make_unique<Sink>(Sink{std::move(*format), file});
  return sink.get();
}

void AccessLogs::write(const RequestRecord& record, const std::vector<model::AccessLog>& logs) {
  for (const model::AccessLog& log : logs) {
    const Sink* sink = find(log);
    if (sink == nullptr) continue;
    File& file = *sink->file;
    const std::lock_guard lock(file.mutex);
    if (file.pending.size() > kMostPending) continue;
    sink->format.append(record, file.pending);
    const TimePoint now = record.start + record.duration;
    if (file.pending.size() < kFlushBytes && now - file.last_write < kFlushInterval) continue;
    drain(file);
    file.last_write = now;
  }
}

void AccessLogs::drain(File& file) {
  size_t done = 0;
  while (done < file.pending.size()) {
    const ssize_t count = ::write(file.fd.get(), file.pending.data() + done, file.pending.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  file.pending.erase(0, done);
}

void AccessLogs::flush() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    const std::lock_guard file_lock(file->mutex);
    drain(*file);
  }
}

void AccessLogs::reopen() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    const std::lock_guard file_lock(file->mutex);
    drain(*file);
    open(*file);
  }
}

}  // namespace ripstop::proxy::telemetry
