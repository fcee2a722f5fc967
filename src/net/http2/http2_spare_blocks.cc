#include "net/http2/http2_spare_blocks.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace ripstop::net {
namespace {

// A few for each of the streams that a busy thread has open; larger ones are rare and go back to the system.
constexpr size_t kSpareBlocks = 2048;
constexpr size_t kSpareBytes = 1024;

std::vector<protocol::FieldBlock>& spare_blocks() {
  static thread_local std::vector<protocol::FieldBlock> blocks;
  return blocks;
}

}  // namespace

void take_spare(protocol::FieldBlock& block) {
  block.clear();
  auto& spare = spare_blocks();
  if (block.has_room() || spare.empty()) return;
  block.swap(spare.back());
  spare.pop_back();
}

void keep_room_of(protocol::FieldBlock& block) {
  auto& spare = spare_blocks();
  if (block.text().size() > kSpareBytes || spare.size() >= kSpareBlocks) {
    block = {};
    return;
  }
  block.clear();
  spare.emplace_back().swap(block);
}

}  // namespace ripstop::net
