// The demonstration's steps, one after the other.
#pragma once

#include <functional>
#include <vector>

#include "cli/demo/outcome.h"
#include "cli/demo/stage.h"

namespace ripstop::cli::demo {

struct Audience {
  std::function<void(const std::string& what)> on_begin;  // of something that takes a while
  std::function<void(const Outcome&)> on_outcome;
};

// All steps, or those until one was interrupted. A step that could not be carried out has failed, and says why.
std::vector<Outcome> tell_story(Stage& stage, const Audience& audience);

}  // namespace ripstop::cli::demo
