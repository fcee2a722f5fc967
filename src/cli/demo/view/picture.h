// The live picture of the demonstration, as text. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/demo/hops.h"
#include "cli/demo/outcome.h"

namespace ripstop::cli::demo {

struct Picture {
  std::string what;               // goes on now
  std::vector<Outcome> outcomes;  // so far
  HopTable hops;                  // of the last `seconds`
  double seconds = 0;
};

struct Canvas {
  size_t width = 80;   // columns; longer lines are cut
  size_t height = 24;  // rows; what does not fit is left out at the end
  bool has_color = false;
};

// Lines that each end with "\n", at most `height` of them.
[[nodiscard]] std::string render_picture(const Picture& picture, const Canvas& canvas);

}  // namespace ripstop::cli::demo
