// What only starting up needed.
#pragma once

namespace ripstop::runtime {

// Gives freed heap back to the system, and to the page cache the pages of the program and its libraries that were
// mapped while it started: code and tables that serving uses come back with the next touch, without input or output.
// Pages that this process has changed stay. Blocking, about a millisecond; any thread. Does nothing where /proc cannot
// be read.
void release_start_memory();

}  // namespace ripstop::runtime
