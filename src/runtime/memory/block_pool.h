// Large byte blocks for reading and writing, taken when bytes flow and given back when a connection falls idle, so that
// idle connections hold none. One pool per thread; a block is returned on the thread that took it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace ripstop::runtime {

// Owner of one block. Sizes are rounded up to 4, 16, 64 or 256 KiB.
class Block {
 public:
  Block() = default;
  // size <= 256 KiB.
  static Block take(size_t size);
  // The size to take for a flow that could do with `wanted`: no more than 16 KiB while this thread's blocks hold a lot
  // already, because many flows at once that do not move must not take large ones each.
  [[nodiscard]] static size_t affordable(size_t wanted);
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), class_(other.class_) {}
  Block& operator=(Block&& other) noexcept {
    if (this != &other) {
      give_back();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      class_ = other.class_;
    }
    return *this;
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { give_back(); }

  void give_back() {
    if (data_ != nullptr) release();
  }
  [[nodiscard]] bool is_held() const { return data_ != nullptr; }
  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void release();

  char* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t class_ = 0;  // of sizes
};

// A window of readable bytes inside a block: bytes are appended at the end and consumed at the front.
class ByteBuffer {
 public:
  [[nodiscard]] std::string_view readable() const { return {block_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool is_empty() const { return begin_ == end_; }
  [[nodiscard]] size_t capacity() const { return block_.size(); }
  // Space to append to; takes a block of `size` when none is held, moves the bytes to the front when the tail is full,
  // and grows to the next block size when that is not enough and `may_grow`. Empty when full.
  [[nodiscard]] std::span<char> writable(size_t size, bool may_grow = false);
  void commit(size_t bytes) { end_ += bytes; }
  // Copies `bytes`, at most 256 KiB with what is there, to the end.
  void append(std::string_view bytes);
  void consume(size_t bytes);
  // Gives the block back when nothing is left to read.
  void release_if_empty() {
    if (is_empty()) block_.give_back();
  }

 private:
  Block block_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace ripstop::runtime
