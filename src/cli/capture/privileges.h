// Entering namespaces and giving up privileges. All of it concerns the calling process, which must be single-threaded.
#pragma once

#include "base/result.h"

namespace ripstop::cli {

// A network namespace of its own. Without the right to make one, inside a user namespace of its own in which user and
// group are what they were; the process then has every capability there until it drops them. kPermissionDenied says
// which setting of the system stands in the way.
[[nodiscard]] Status enter_network_namespace();

// Lets the programs that this process will run administer its network namespace although they are not root's
// (capabilities(7), ambient set). Does nothing for root.
[[nodiscard]] Status pass_network_administration_on();

// Nothing left, and no way back: bounding, inheritable, ambient, permitted and effective sets empty, and no program
// gives privileges when it is run (PR_SET_NO_NEW_PRIVS). Holds for root as well.
[[nodiscard]] Status drop_all_privileges();

}  // namespace ripstop::cli
