// Access logs: one file per path, shared by the workers, whole lines only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "model/listener.h"
#include "proxy/telemetry/log_format.h"
#include "proxy/telemetry/request_record.h"
#include "runtime/file_descriptor.h"

namespace ripstop::proxy::telemetry {

// Thread-safe. Lines are gathered and written when there are many or when the last write is long ago; a line waits for
// the next one, for flush() or for the end of the process at the latest.
class AccessLogs {
 public:
  AccessLogs() = default;
  AccessLogs(const AccessLogs&) = delete;
  AccessLogs& operator=(const AccessLogs&) = delete;
  ~AccessLogs();

  void write(const RequestRecord& record, const std::vector<model::AccessLog>& logs);
  void flush();
  // Opens every file anew: after somebody has renamed it.
  void reopen();

 private:
  struct File {
    std::mutex mutex;
    std::string path;
    runtime::FileDescriptor fd;
    std::string pending;
    TimePoint last_write{};
  };
  struct Sink {
    LogFormat format;
    std::shared_ptr<File> file;
  };
  [[nodiscard]] const Sink* find(const model::AccessLog& log);
  static void drain(File& file);
  static void open(File& file);

  std::mutex mutex_;
  struct Order {
    bool operator()(const model::AccessLog& left, const model::AccessLog& right) const {
      return std::tie(left.path, left.is_json, left.format) < std::tie(right.path, right.is_json, right.format);
    }
  };
  std::map<model::AccessLog, std::unique_ptr<Sink>, Order> sinks_;  // null where the format is wrong
  std::map<std::string, std::shared_ptr<File>> files_;
};

}  // namespace ripstop::proxy::telemetry
