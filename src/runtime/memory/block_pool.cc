#include "runtime/memory/block_pool.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <vector>

namespace ripstop::runtime {
namespace {

constexpr std::array<size_t, 4> kSizes = {4U << 10, 16U << 10, 64U << 10, 256U << 10};
// Kept per thread and size once given back; more goes to the system, so that a burst does not stay for ever. One turn
// of the loop may hold two of the smallest for each of many exchanges.
constexpr std::array<size_t, 4> kKept = {256, 64, 16, 4};

struct FreeBlocks {
  std::array<std::vector<char*>, kSizes.size()> lists;
  ~FreeBlocks() {
    for (const auto& list : lists) {
      for (char* block : list) ::operator delete(block);
    }
  }
};

thread_local FreeBlocks free_blocks;
thread_local size_t held_bytes = 0;

constexpr size_t kPlenty = 8U << 20;
constexpr size_t kModest = 16U << 10;

size_t class_of(size_t size) {
  size_t index = 0;
  while (index + 1 < kSizes.size() && size > kSizes[index]) ++index;
  return index;
}

}  // namespace

Block Block::take(size_t size) {
  const size_t index = class_of(size);
  assert(size <= kSizes[index]);
  Block block;
  block.size_ = static_cast<uint32_t>(kSizes[index]);
  block.class_ = static_cast<uint32_t>(index);
  held_bytes += block.size_;
  auto& list = free_blocks.lists[index];
  if (list.empty()) {
    block.data_ = static_cast<char*>(::operator new(kSizes[index]));
    return block;
  }
  block.data_ = list.back();
  list.pop_back();
  return block;
}

size_t Block::affordable(size_t wanted) {
  return held_bytes < kPlenty ? wanted : std::min(wanted, kModest);
}

void Block::release() {
  held_bytes -= size_;
  auto& list = free_blocks.lists[class_];
  if (list.size() < kKept[class_]) {
    list.push_back(data_);
  } else {
    ::operator delete(data_);
  }
  data_ = nullptr;
  size_ = 0;
}

std::span<char> ByteBuffer::writable(size_t size, bool may_grow) {
  if (!block_.is_held()) {
    block_ = Block::take(size);
    begin_ = end_ = 0;
  }
  if (end_ == block_.size() && begin_ != 0) {
    std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == block_.size() && may_grow && block_.size() < kSizes.back()) {
    Block larger = Block::take(block_.size() * 2);
    std::memcpy(larger.data(), block_.data(), end_);
    block_ = std::move(larger);
  }
  return {block_.data() + end_, block_.size() - end_};
}

void ByteBuffer::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> space = writable(bytes.size(), true);
    const size_t count = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), count);
    commit(count);
    bytes.remove_prefix(count);
  }
}

void ByteBuffer::consume(size_t bytes) {
  begin_ += bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace ripstop::runtime
