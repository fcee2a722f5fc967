// Bytes from one socket to another without copying them: splice(2) by way of a pipe.
#pragma once

#include <cstddef>
#include <utility>

#include "runtime/file_descriptor.h"
#include "runtime/socket.h"

namespace ripstop::runtime {

// Owner of one pipe, taken while bytes flow and given back when the flow pauses, as blocks are. One pool per thread.
class SplicePipe {
 public:
  SplicePipe() = default;
  SplicePipe(SplicePipe&& other) noexcept
      : in_(std::move(other.in_)), out_(std::move(other.out_)), held_(std::exchange(other.held_, 0)) {}
  SplicePipe& operator=(SplicePipe&& other) noexcept;
  SplicePipe(const SplicePipe&) = delete;
  SplicePipe& operator=(const SplicePipe&) = delete;
  ~SplicePipe() { give_back(); }

  // is_open() is false when there are no descriptors left: copy instead.
  static SplicePipe take();
  // A pipe with bytes in it is closed and they are lost with it.
  void give_back();
  [[nodiscard]] bool is_open() const { return in_.is_valid(); }
  // Bytes that are on their way.
  [[nodiscard]] size_t held() const { return held_; }

  // One attempt each, like Socket's. Filled only when nothing is held.
  Transfer try_fill(Socket& from);
  Transfer try_drain(Socket& to);

 private:
  FileDescriptor in_;
  FileDescriptor out_;
  size_t held_ = 0;
};

}  // namespace ripstop::runtime
