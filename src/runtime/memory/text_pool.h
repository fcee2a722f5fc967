// Strings between two uses, each with the room it has grown to: text that comes and goes with every request is then
// not allocated again. One set per thread, bounded in number and in size.
#pragma once

#include <string>

namespace ripstop::runtime {

// `text` is empty; gives it room if it has none and some is kept.
void take_text(std::string& text);
// Empties `text` and keeps its room for another.
void give_text(std::string& text);

}  // namespace ripstop::runtime
