#include "runtime/pipe/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <vector>

namespace ripstop::runtime {
namespace {

constexpr size_t kPipeSize = 1U << 20;
constexpr size_t kKept = 8;

struct Ends {
  FileDescriptor in;
  FileDescriptor out;
};

thread_local std::vector<Ends> free_pipes;

}  // namespace

SplicePipe& SplicePipe::operator=(SplicePipe&& other) noexcept {
  if (this != &other) {
    give_back();
    in_ = std::move(other.in_);
    out_ = std::move(other.out_);
    held_ = std::exchange(other.held_, 0);
  }
  return *this;
}

SplicePipe SplicePipe::take() {
  SplicePipe pipe;
  if (!free_pipes.empty()) {
    pipe.in_ = std::move(free_pipes.back().in);
    pipe.out_ = std::move(free_pipes.back().out);
    free_pipes.pop_back();
    return pipe;
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return pipe;
  pipe.out_ = FileDescriptor(ends[0]);
  pipe.in_ = FileDescriptor(ends[1]);
  // Refused to a user who has many large pipes; one of the usual size moves less at a time.
  static_cast<void>(fcntl(ends[1], F_SETPIPE_SZ, kPipeSize));
  return pipe;
}

void SplicePipe::give_back() {
  if (is_open() && held_ == 0 && free_pipes.size() < kKept) {
    free_pipes.push_back({std::move(in_), std::move(out_)});
  }
  in_.close();
  out_.close();
  held_ = 0;
}

Transfer SplicePipe::try_fill(Socket& from) {
  assert(held_ == 0 && "a full pipe looks like an empty socket");
  const Transfer got = from.try_read_into_pipe(in_.get(), kPipeSize);
  if (got.state == Transfer::State::kDone) held_ = got.bytes;
  return got;
}

Transfer SplicePipe::try_drain(Socket& to) {
  const Transfer sent = to.try_write_from_pipe(out_.get(), held_);
  if (sent.state == Transfer::State::kDone) held_ -= sent.bytes;
  return sent;
}

}  // namespace ripstop::runtime
