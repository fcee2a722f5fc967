// Header blocks between two messages, each with the room it has grown to, one set per thread.
#pragma once

#include "protocol/http2/field_block.h"

namespace ripstop::net {

// Empties `block`, which then often has room.
void take_spare(protocol::FieldBlock& block);
void keep_room_of(protocol::FieldBlock& block);
// Empties `block` and keeps its room, if it has any, for another.
inline void keep_spare(protocol::FieldBlock& block) {
  if (block.has_room()) keep_room_of(block);
}

}  // namespace ripstop::net
