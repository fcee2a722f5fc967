// Every process that came from the calling one, also those that put themselves into the background.
#pragma once

#include <sys/types.h>

#include <string_view>
#include <vector>

namespace ripstop::cli {

struct Parenthood {
  pid_t process = 0;
  pid_t parent = 0;
};

// From the text of /proc/PID/stat, in which the program's name may hold anything; zeros when it is not one.
[[nodiscard]] Parenthood parse_parenthood(std::string_view stat);

// Everything below `ancestor`, in no order.
[[nodiscard]] std::vector<pid_t> descendants_of(pid_t ancestor, const std::vector<Parenthood>& processes);

// Orphans below the calling process become its children from now on instead of init's.
void adopt_orphans();

// Asks all descendants to end (SIGTERM), and ends those by force that are still there after a second. Returns when none
// is left. Blocking; the caller must have adopted orphans.
void end_descendants();

}  // namespace ripstop::cli
