#include "load/drive/tally.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/file_descriptor.h"

namespace ripstop::load {

Tally::~Tally() {
  if (published_ != &own_count_) munmap(published_, sizeof *published_);
}

Status Tally::publish_to(const std::string& path) {
  const runtime::FileDescriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.is_valid() || ftruncate(fd.get(), sizeof *published_) != 0) return fail_errno("cannot write " + path, errno);
  void* mapped = mmap(nullptr, sizeof *published_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return fail_errno("cannot map " + path, errno);
  published_ = static_cast<uint64_t*>(mapped);
  *published_ = 0;
  return {};
}

void Tally::set_window(int64_t begin, int64_t end) {
  begin_ = begin;
  end_ = end;
}

void Tally::answered(int64_t intended, int64_t now) {
  ++*published_;
  if (now >= begin_ && now < end_) ++answers_;
  if (intended >= begin_ && intended < end_) latencies_.record(now - intended);
}

void Tally::moved(size_t bytes, int64_t now) {
  if (now >= begin_ && now < end_) bytes_ += bytes;
}

void Tally::failed(const std::string& why) {
  ++errors_;
  ++failures_[why];
}

void Tally::unanswered(uint64_t count, int64_t waited) {
  given_up_ += count;
  for (uint64_t i = 0; i < count; ++i) latencies_.record(waited);
}

}  // namespace ripstop::load
