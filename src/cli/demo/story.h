// The demonstration's steps, one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/demo/outcome.h"
#include "cli/demo/stage.h"

namespace ripstop::cli::demo {

struct Audience {
  std::function<void(const std::string& what)> on_begin;  // of something that takes a while
  std::function<void(const Outcome&)> on_outcome;
};

// The load of a step; a split has its 10,000 requests in any case.
inline constexpr uint64_t kQuickLoad = 600;
inline constexpr uint64_t kWatchableLoad = 5000;

// All steps, or those until one was interrupted. A step that could not be carried out has failed, and says why.
std::vector<Outcome> tell_story(Stage& stage, const Audience& audience, uint64_t requests);

}  // namespace ripstop::cli::demo
