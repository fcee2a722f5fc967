// What a run came to: answers, failures, latencies, within the window that is measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "load/drive/histogram.h"

namespace ripstop::load {

class Tally {
 public:
  Tally() = default;
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();

  // Before the run: counts answers into the first eight bytes of this file too.
  Status publish_to(const std::string& path);

  // Nanoseconds of now_ns(). An answer counts when it came within the window; its latency counts when its request was
  // meant to be sent within the window, however late it came.
  void set_window(int64_t begin, int64_t end);
  void answered(int64_t intended, int64_t now);
  void moved(size_t bytes, int64_t now);
  // `why` is a few words that stay the same for the same cause.
  void failed(const std::string& why);
  // Requests of the window that were given up: they waited at least this long.
  void unanswered(uint64_t count, int64_t waited);

  uint64_t connections = 0;
  uint64_t resumptions = 0;

  [[nodiscard]] uint64_t answers() const { return answers_; }
  [[nodiscard]] uint64_t all_answers() const { return *published_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  [[nodiscard]] uint64_t errors() const { return errors_; }
  [[nodiscard]] uint64_t given_up() const { return given_up_; }
  [[nodiscard]] const Histogram& latencies() const { return latencies_; }
  [[nodiscard]] const std::map<std::string, uint64_t>& failures() const { return failures_; }

 private:
  uint64_t own_count_ = 0;
  uint64_t* published_ = &own_count_;
  int64_t begin_ = INT64_MAX;
  int64_t end_ = INT64_MAX;
  uint64_t answers_ = 0;
  uint64_t bytes_ = 0;
  uint64_t errors_ = 0;
  uint64_t given_up_ = 0;
  Histogram latencies_;
  std::map<std::string, uint64_t> failures_;
};

}  // namespace ripstop::load
